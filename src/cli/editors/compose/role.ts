/** Tells what a compose service is for, from its image and its name. */

export type Role = 'redis' | 'maybe-redis' | 'app' | 'datastore' | 'other';

export interface RoleEvidence {
  readonly name: string;
  /** Resolved as far as the file tells; undefined when the service has none. */
  readonly image?: string;
  readonly imageWritten?: string;
  readonly builds: boolean;
  readonly command?: string;
  /** Mounts or runs the project's own sources in a stock Node image. */
  readonly runsSources: boolean;
}

const REDIS = /^(?:redis|valkey|keydb|dragonfly|redict|garnet|kvrocks)$/;
const REDIS_PRODUCT = /^(?:rejson|redismod|redisearch|redisgraph|redistimeseries|redisbloom|rebloom)$/;
const REDIS_WORD =
  /^(?:my|app|dev|test|local)?(?:redis|valkey|keydb|dragonfly)(?:\d+|db|cache|server|queue|broker|session|store)?$/;
/** What may stand beside `redis` in a name without making it something else. */
const REDIS_SUFFIX =
  /^(?:\d+|v\d+|stack|server|cluster|mod|json|search|graph|ai|timeseries|bloom|enterprise|oss|alpine|node|master|replica|slave|primary|secondary|sharded|debian|ubuntu|ce|cache|caching|db|data|database|store|storage|session|sessions|queue|broker|kv|dev|development|local|prod|production|staging|service|svc|instance|main|container|memory|in|test|e2e|ci|persistent|volatile)$/;
/** Tools around Redis, and programs that merely use one. */
const COMPANION =
  /commander|insight|exporter|webdis|rdb-?tools|^(?:ui|gui|web|webui|admin|browser|dashboard|sentinel|proxy|twemproxy|predixy|http|rest|board|bull|monitor|monitoring|metrics|backup|init|seed|stat|live|manager|desktop|cli|tools?|worker|workers|consumer|producer|client|publisher|subscriber|api|app|demo|example|operator|flush|loader|wait|setup|config|ping|bridge|smq)$/;
const DATASTORE =
  /^(?:postgres\w*|postgis|pg|pgsql|pgvector|timescale\w*|mysql|mariadb|percona|mongo|mongodb|mssql|sqlserver|sqledge|oracle|cockroach\w*|cockroachdb|elasticsearch|elastic|opensearch|cassandra|scylla|scylladb|neo4j|influxdb|clickhouse|rabbitmq|kafka|redpanda|zookeeper|nats|minio|memcached|couchdb|couchbase|dynamodb|etcd|meilisearch|typesense|qdrant|weaviate|surrealdb|arangodb|localstack|libsql|sqld|db|database|sql)$/;
const INFRASTRUCTURE =
  /^(?:nginx|httpd|apache|apache2|traefik|caddy|haproxy|envoy|proxy|adminer|pgadmin\d*|phpmyadmin|mailhog|mailpit|maildev|mailcatcher|prometheus|grafana|loki|jaeger|zipkin|otel|keycloak|vault|consul|portainer|watchtower|certbot|busybox|alpine|ubuntu|debian|hello|world|swagger|storybook|selenium|chrome|browserless)$/;
const RUNTIME = /^(?:node|bun|deno)$/;

export function roleOf(evidence: RoleEvidence): Role {
  if (/--sentinel|redis-sentinel/.test(evidence.command ?? '')) return 'other';
  const name = wordsOf(evidence.name);
  const nameSaysRedis = name.some((word) => REDIS_WORD.test(word)) && !name.some((word) => COMPANION.test(word));
  const byImage = evidence.image === undefined ? undefined : imageRole(evidence.image);
  if (byImage === 'redis') {
    const helper =
      name.some((word) => COMPANION.test(word)) && /redis-cli|valkey-cli|sleep|\bsh\b/.test(evidence.command ?? '');
    return helper ? 'other' : 'redis';
  }
  if (evidence.builds) return builtRole(name, nameSaysRedis, byImage);
  if (byImage === 'maybe-redis') return nameSaysRedis ? 'redis' : 'maybe-redis';
  if (byImage) return byImage === 'app' && !evidence.runsSources ? 'other' : byImage;
  if (/redis|valkey/i.test(evidence.imageWritten ?? '') && evidence.image === undefined) return 'redis';
  if (nameSaysRedis) return 'redis';
  const unknown = evidence.imageWritten !== undefined && evidence.image === undefined;
  if (unknown && name.some((word) => /^(?:cache|kv)$/.test(word))) return 'maybe-redis';
  return name.some((word) => DATASTORE.test(word)) ? 'datastore' : 'other';
}

/** True when two images are of one repository, whatever their tags. */
export function sameRepository(a: string, b: string): boolean {
  return repositoryOf(a) === repositoryOf(b);
}

/** `docker.io/library/redis:7@sha256:…` -> `redis` */
export function repositoryOf(image: string): string {
  const bare = image.replace(/@.*$/, '').replace(/:[^/:]*$/, '');
  return bare.replace(/^(?:docker\.io\/)?(?:library\/)?/, '').toLowerCase();
}

function builtRole(name: readonly string[], nameSaysRedis: boolean, byImage: Role | undefined): Role {
  if (nameSaysRedis) return 'redis';
  if (byImage === 'datastore' || name.some((word) => DATASTORE.test(word))) return 'datastore';
  if (
    name.some((word) => INFRASTRUCTURE.test(word) || (COMPANION.test(word) && name.some((w) => REDIS_WORD.test(w))))
  ) {
    return name.some((word) => /^(?:worker|workers|consumer|producer|api|app|publisher|subscriber|client)$/.test(word))
      ? 'app'
      : 'other';
  }
  return 'app';
}

function imageRole(image: string): Role | undefined {
  const segments = repositoryOf(image).split('/');
  const last = segments.at(-1) ?? '';
  const words = wordsOf(last);
  if (words.some((word) => COMPANION.test(word)) && /redis|valkey/.test(image)) return 'other';
  const rest = words.filter((word) => !REDIS.test(word) && !REDIS_PRODUCT.test(word));
  if (rest.length < words.length && rest.every((word) => REDIS_SUFFIX.test(word))) return 'redis';
  if (/redis|valkey/.test(last)) return 'maybe-redis';
  if (words.some((word) => DATASTORE.test(word))) return 'datastore';
  if (words.some((word) => INFRASTRUCTURE.test(word))) return 'other';
  return RUNTIME.test(last) ? 'app' : undefined;
}

function wordsOf(name: string): string[] {
  return name
    .replaceAll(/([a-z])([A-Z])/g, '$1-$2')
    .toLowerCase()
    .split(/[-_.\s]+/)
    .filter((word) => word !== '');
}
