/** Templates as functions, by name. The build puts them here; the sources have none and compile what they render. */

import type Handlebars from 'handlebars';

/** As `Handlebars.precompile` gives it. */
export type TemplateSpecification = Parameters<typeof Handlebars.template>[0];

export const precompiled: Readonly<Record<string, TemplateSpecification>> | undefined = undefined;
