// The server's parameters as typed fields; CONFIG maps Redis' names onto them. Every default is redis-server 7.0's.

export interface OutputLimit {
  /** Bytes of unread output that close a connection at once; 0: never. */
  hard: number;
  /** Bytes that close it after `softSeconds` without falling below. */
  soft: number;
  softSeconds: number;
}

export interface Settings {
  databases: number;
  requirepass: string;
  /** `allchannels` or `resetchannels`: what new users may listen to. */
  aclPubsubDefault: string;
  acllogMaxLength: number;
  protectedMode: boolean;
  maxclients: number;
  /** Seconds until an idle connection is closed; 0: never. */
  timeout: number;
  tcpKeepalive: number;
  protoMaxBulkLength: number;
  queryBufferLimit: number;
  outputLimits: { normal: OutputLimit; replica: OutputLimit; pubsub: OutputLimit };
  enableDebugCommand: 'yes' | 'no' | 'local';
  enableProtectedConfigs: 'yes' | 'no' | 'local';
  maxmemory: number;
  maxmemoryPolicy: string;
  maxmemorySamples: number;
  lfuLogFactor: number;
  lfuDecayTime: number;
  /** As CONFIG takes it, `KEA` for example; empty: nothing is published. */
  notifyKeyspaceEvents: string;
  /** Microseconds; negative: nothing is logged. */
  slowlogSlowerThan: number;
  slowlogMaxLength: number;
  latencyMonitorThreshold: number;
  hashMaxListpackEntries: number;
  hashMaxListpackValue: number;
  setMaxIntsetEntries: number;
  zsetMaxListpackEntries: number;
  zsetMaxListpackValue: number;
  listMaxListpackSize: number;
  listCompressDepth: number;
  streamNodeMaxBytes: number;
  streamNodeMaxEntries: number;
  hllSparseMaxBytes: number;
  /** The version that INFO and HELLO give. */
  version: string;
}

export function defaultSettings(): Settings {
  return {
    databases: 16,
    requirepass: '',
    aclPubsubDefault: 'resetchannels',
    acllogMaxLength: 128,
    protectedMode: true,
    maxclients: 10_000,
    timeout: 0,
    tcpKeepalive: 300,
    protoMaxBulkLength: 512 * 1024 * 1024,
    queryBufferLimit: 1024 * 1024 * 1024,
    outputLimits: {
      normal: { hard: 0, soft: 0, softSeconds: 0 },
      replica: { hard: 256 << 20, soft: 64 << 20, softSeconds: 60 },
      pubsub: { hard: 32 << 20, soft: 8 << 20, softSeconds: 60 },
    },
    enableDebugCommand: 'no',
    enableProtectedConfigs: 'no',
    maxmemory: 0,
    maxmemoryPolicy: 'noeviction',
    maxmemorySamples: 5,
    lfuLogFactor: 10,
    lfuDecayTime: 1,
    notifyKeyspaceEvents: '',
    slowlogSlowerThan: 10_000,
    slowlogMaxLength: 128,
    latencyMonitorThreshold: 0,
    hashMaxListpackEntries: 512,
    hashMaxListpackValue: 64,
    setMaxIntsetEntries: 512,
    zsetMaxListpackEntries: 128,
    zsetMaxListpackValue: 64,
    listMaxListpackSize: -2,
    listCompressDepth: 0,
    streamNodeMaxBytes: 4096,
    streamNodeMaxEntries: 100,
    hllSparseMaxBytes: 3000,
    version: '7.0.15',
  };
}
