/** What a component is: data only. The planner's steps turn it into edits. */
import type { EnvVariable } from '../settings/dialect.ts';

export interface ServiceImage {
  /** As `--image` takes it. */
  readonly id: string;
  /** As compose takes it. */
  readonly reference: string;
  /** The image's own client, which its health check calls. */
  readonly cli: string;
  /** Words of another health check. */
  readonly check?: readonly string[];
  /** Set where the image is built from files that are laid beside the compose file: folder of these, relative to it. */
  readonly build?: string;
}

/** A part of a package of ours that the component can bring along. */
export interface Piece {
  /** As `--with` takes it. */
  readonly name: string;
  /** A few words for `infra list`. */
  readonly summary: string;
}

export interface Component {
  readonly name: string;
  /** One line for `infra list`. */
  readonly summary: string;
  /** Version of what is rendered; goes into the ledger, so that `upgrade` knows what it starts from. */
  readonly version: string;
  readonly env: readonly EnvVariable[];
  readonly service: {
    /** Name in the compose file. */
    readonly name: string;
    readonly images: readonly [ServiceImage, ...ServiceImage[]];
    readonly port: number;
    readonly volume: string;
    /** Folder in the container that the volume holds. */
    readonly dataFolder: string;
  };
  /** Packages the rendered module can stand on; the first is the one for a host that has none. */
  readonly clients: readonly [string, ...string[]];
  /** In the order in which they are rendered. */
  readonly pieces: readonly Piece[];
}
