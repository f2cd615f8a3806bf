/**
 * Calls that meet every reply shape: one line each, `!` where an error is what belongs there. Words are parted by
 * blanks and percent-decoded. The lines of a block run in order on one connection, on an empty data set.
 */
export const CALLS: Readonly<Record<string, string>> = {
  string: `
    SET s hello
    GET s
    GET none
    SET s hello NX
    SET s hi GET
    SET fresh x GET
    SET k get
    SET n 10 EX 100
    SET n 10 KEEPTTL
    APPEND s !
    STRLEN s
    STRLEN none
    INCR n
    DECR n
    INCRBY n 5
    DECRBY n 3
    INCRBYFLOAT n 1.5
    !INCR s
    GETRANGE s 0 1
    GETRANGE none 0 1
    SUBSTR s 0 1
    SETRANGE s 1 xx
    GETSET s new
    GETSET none2 new
    GETEX s EX 10
    GETEX none
    GETEX s PERSIST
    GETDEL s
    GETDEL s
    MSET a ohmytext b mynewtext
    MSETNX a 1 z 2
    MSETNX y 1 z 2
    MGET a b none
    SETNX a 1
    SETNX fresh3 1
    SETEX a2 10 v
    PSETEX a2 10000 v
    LCS a b
    LCS a b LEN
    LCS a b IDX
    LCS a b IDX WITHMATCHLEN MINMATCHLEN 2
    LCS none1 none2 IDX
    !SETEX a2 0 v
  `,
  bitmap: `
    SETBIT b 7 1
    GETBIT b 7
    GETBIT b 100
    BITCOUNT b
    BITCOUNT b 0 -1 BIT
    BITCOUNT none
    BITPOS b 1
    BITPOS b 1 2 3
    BITPOS none 1
    BITPOS none 0
    BITOP NOT d b
    BITOP AND d b none
    BITFIELD b GET u8 0 SET u8 0 5 INCRBY u2 100 1
    BITFIELD b OVERFLOW FAIL INCRBY u2 0 9
    BITFIELD b
    BITFIELD_RO b GET u4 0
    !SETBIT b -1 1
  `,
  list: `
    RPUSH l a b c d e f
    LPUSH l z
    LPUSHX none x
    RPUSHX l g
    LRANGE l 0 -1
    LRANGE none 0 -1
    LLEN l
    LINDEX l 0
    LINDEX l 99
    LINSERT l BEFORE a y
    LINSERT l AFTER nope y
    LINSERT none AFTER nope y
    LPOS l a
    LPOS l nope
    LPOS l a COUNT 0
    LPOS l nope COUNT 0
    LPOS none nope COUNT 0
    LSET l 0 q
    LREM l 0 q
    LTRIM l 0 100
    LPOP l
    LPOP l 2
    LPOP l 0
    LPOP none
    LPOP none 2
    RPOP l
    RPOP l 1
    RPOP none 1
    LMOVE l l2 LEFT RIGHT
    LMOVE none l2 LEFT RIGHT
    RPOPLPUSH l l2
    RPOPLPUSH none l2
    RPUSH l3 1 2 3 4 5 6 7 8 9
    LMPOP 2 none l3 LEFT COUNT 2
    LMPOP 1 none LEFT
    BLPOP l3 0
    BLPOP none 0.01
    BRPOP l3 0
    BRPOP none 0.01
    BLMOVE l3 l4 LEFT LEFT 0
    BLMOVE none l4 LEFT LEFT 0.01
    BRPOPLPUSH l3 l4 0
    BRPOPLPUSH none l4 0.01
    BLMPOP 0 1 l3 LEFT
    BLMPOP 0.01 1 none LEFT
    !LPUSH l
    !LSET none 0 x
  `,
  hash: `
    HSET h f 1 g 2 w word
    HSET h f 3
    HMSET h x 1 y 2
    HSETNX h x 5
    HSETNX h x2 5
    HGET h f
    HGET h none
    HMGET h f none
    HMGET none f
    HGETALL h
    HGETALL none
    HKEYS h
    HVALS h
    HKEYS none
    HLEN h
    HSTRLEN h w
    HEXISTS h f
    HINCRBY h f 2
    HINCRBYFLOAT h f 0.5
    HRANDFIELD h
    HRANDFIELD none
    HRANDFIELD h 2
    HRANDFIELD h -9
    HRANDFIELD none 2
    HRANDFIELD h 2 WITHVALUES
    HRANDFIELD h -5 WITHVALUES
    HRANDFIELD none 5 WITHVALUES
    HSCAN h 0
    HSCAN none 0 MATCH x* COUNT 5
    HDEL h f nope
    !HINCRBY h w 1
  `,
  set: `
    SADD s a b c 1 2
    SADD ints 1 2 3
    SCARD s
    SISMEMBER s a
    SMISMEMBER s a nope
    SMISMEMBER none a
    SMEMBERS s
    SMEMBERS none
    SMEMBERS ints
    SDIFF s ints
    SINTER s ints
    SINTER s none
    SUNION s ints
    SUNION none none2
    SDIFFSTORE d s ints
    SINTERSTORE d s ints
    SINTERSTORE d s none
    SUNIONSTORE d s ints
    SINTERCARD 2 s ints LIMIT 1
    SRANDMEMBER s
    SRANDMEMBER none
    SRANDMEMBER s 2
    SRANDMEMBER s 100
    SRANDMEMBER s -7
    SRANDMEMBER none 3
    SMOVE s ints a
    SMOVE s ints nope
    SSCAN s 0
    SREM s b nope
    SPOP s
    SPOP none
    SPOP ints 1
    SPOP ints 100
    SPOP none 2
    SPOP s 0
    !SADD s
  `,
  'sorted-set': `
    ZADD z 1 a 2 b 3 c 4.5 d inf e
    ZADD z XX CH 2 a
    ZADD z INCR 1 a
    ZADD z NX INCR 1 a
    ZADD z2 1 b 1 c 1 incr
    ZADD lex 0 a 0 b 0 c
    ZCARD z
    ZCOUNT z 1 (3
    ZLEXCOUNT lex - +
    ZSCORE z a
    ZSCORE z e
    ZSCORE z none
    ZMSCORE z a none
    ZMSCORE none a
    ZINCRBY z 1.25 a
    ZRANK z a
    ZRANK z none
    ZREVRANK z a
    ZREVRANK none a
    ZRANGE z 0 -1
    ZRANGE z 0 -1 WITHSCORES
    ZRANGE z 1 3 BYSCORE LIMIT 0 1 WITHSCORES
    ZRANGE lex [a [b BYLEX
    ZRANGE none 0 -1 WITHSCORES
    ZREVRANGE z 0 -1
    ZREVRANGE z 0 -1 WITHSCORES
    ZRANGEBYSCORE z -inf +inf
    ZRANGEBYSCORE z -inf +inf WITHSCORES
    ZREVRANGEBYSCORE z +inf -inf WITHSCORES
    ZRANGEBYLEX lex - +
    ZREVRANGEBYLEX lex + -
    ZRANGESTORE zd z 0 1
    ZRANDMEMBER z
    ZRANDMEMBER none
    ZRANDMEMBER z 2
    ZRANDMEMBER z -9
    ZRANDMEMBER z 2 WITHSCORES
    ZRANDMEMBER z -5 WITHSCORES
    ZRANDMEMBER none 5 WITHSCORES
    ZSCAN z 0
    ZUNION 2 z z2
    ZUNION 2 z z2 WITHSCORES
    ZINTER 2 z z2 WITHSCORES
    ZINTER 2 z none
    ZDIFF 2 z z2
    ZDIFF 2 z z2 WITHSCORES
    ZINTERCARD 2 z z2
    ZUNIONSTORE zd 2 z z2
    ZINTERSTORE zd 2 z z2 AGGREGATE MAX
    ZDIFFSTORE zd 2 z z2
    ZPOPMIN z
    ZPOPMIN z 2
    ZPOPMAX z
    ZPOPMAX z 1
    ZPOPMAX none
    ZPOPMIN none 2
    ZADD z 1 a 2 b 3 c 4 d 5 e 6 f
    ZMPOP 2 none z MIN COUNT 2
    ZMPOP 1 none MAX
    BZPOPMIN z 0
    BZPOPMAX none z 0
    BZPOPMIN none 0.01
    BZMPOP 0 1 z MIN
    BZMPOP 0.01 1 none MIN
    ZREMRANGEBYRANK z 0 0
    ZREMRANGEBYSCORE z 0 1
    ZREMRANGEBYLEX lex [a [a
    ZREM lex b nope
    !ZADD z x a
    !ZADD z NX XX 1 a
  `,
  geo: `
    GEOADD g 13.361389 38.115556 Palermo 15.087269 37.502669 Catania
    GEODIST g Palermo Catania km
    GEODIST g Palermo none
    GEOHASH g Palermo none
    GEOHASH none Palermo
    GEOPOS g Palermo none
    GEOPOS none Palermo
    GEORADIUS g 15 37 200 km
    GEORADIUS g 15 37 200 km WITHDIST WITHCOORD WITHHASH
    GEORADIUS g 15 37 200 km WITHCOORD
    GEORADIUS g 15 37 200 km STORE d
    GEORADIUS g 15 37 200 km STOREDIST d
    GEORADIUS_RO g 15 37 200 km COUNT 1
    GEORADIUS none 15 37 200 km
    GEORADIUSBYMEMBER g Palermo 200 km WITHDIST
    GEORADIUSBYMEMBER g Palermo 200 km STORE d
    GEORADIUSBYMEMBER_RO g Palermo 200 km ASC
    GEOSEARCH g FROMLONLAT 15 37 BYBOX 400 400 km ASC WITHCOORD WITHDIST
    GEOSEARCH g FROMMEMBER Palermo BYRADIUS 1 km
    GEOSEARCHSTORE d g FROMLONLAT 15 37 BYRADIUS 200 km STOREDIST
    !GEOADD g 200 0 x
  `,
  hyperloglog: `
    PFADD p a b c
    PFADD p a
    PFADD p2
    PFCOUNT p
    PFCOUNT p p2
    PFMERGE d p p2
    PFDEBUG ENCODING p
    PFDEBUG GETREG p
    !PFDEBUG NOPE p
  `,
  stream: `
    XADD x 1-1 f v g w
    XADD x NOMKSTREAM * f v
    XADD none NOMKSTREAM * f v
    XADD x MAXLEN ~ 1000 5000000000000-* f v
    XLEN x
    XRANGE x - +
    XRANGE x - + COUNT 1
    XRANGE x - + COUNT 0
    XRANGE none - +
    XREVRANGE x + -
    XREAD COUNT 2 STREAMS x 0
    XREAD STREAMS none 0
    XREAD BLOCK 10 STREAMS none 0
    XGROUP CREATE x g 0
    XGROUP CREATE fresh g $ MKSTREAM
    XGROUP CREATECONSUMER x g idle
    XGROUP CREATECONSUMER x g idle
    XREADGROUP GROUP g c COUNT 2 STREAMS x >
    XREADGROUP GROUP g c STREAMS x 0
    XREADGROUP GROUP g c BLOCK 10 STREAMS fresh x > >
    XREADGROUP GROUP g c BLOCK 10 STREAMS fresh >
    XPENDING x g
    XPENDING fresh g
    XPENDING x g - + 10
    XPENDING x g IDLE 0 - + 10 c
    XINFO STREAM x
    XINFO STREAM fresh
    XINFO STREAM x FULL
    XINFO STREAM x FULL COUNT 1
    XINFO GROUPS x
    XINFO GROUPS fresh
    XINFO CONSUMERS x g
    XINFO CONSUMERS fresh g
    XINFO HELP
    XCLAIM x g other 0 1-1
    XCLAIM x g other 0 1-1 JUSTID
    XCLAIM x g other 0 99-1
    XAUTOCLAIM x g other 0 0
    XAUTOCLAIM x g other 0 0 JUSTID
    XDEL x 1-1
    XREADGROUP GROUP g other STREAMS x 0
    XAUTOCLAIM x g other 0 0
    XACK x g 1-1 2-2
    XGROUP SETID x g 0
    XGROUP DELCONSUMER x g other
    XGROUP HELP
    XGROUP DESTROY x g
    XGROUP DESTROY x g
    XSETID x 9000000000000-0
    XTRIM x MAXLEN 0
    !XREADGROUP GROUP nope c STREAMS x >
    !XADD x 0-0 f v
  `,
  generic: `
    MSET a 1 b 2 c 3
    RPUSH l 3 1 2
    TYPE a
    TYPE l
    TYPE none
    EXISTS a a none
    EXPIRE a 100
    EXPIRE none 100
    EXPIRE a 100 NX
    PEXPIRE a 100000
    EXPIREAT a 99999999999
    PEXPIREAT a 99999999999999
    EXPIRETIME a
    EXPIRETIME b
    EXPIRETIME none
    PEXPIRETIME a
    TTL a
    TTL b
    TTL none
    PTTL a
    PERSIST a
    PERSIST a
    KEYS *
    KEYS none*
    RANDOMKEY
    SCAN 0
    SCAN 0 MATCH a COUNT 100 TYPE string
    OBJECT ENCODING a
    OBJECT ENCODING none
    OBJECT REFCOUNT a
    OBJECT IDLETIME a
    OBJECT IDLETIME none
    !OBJECT FREQ a
    OBJECT FREQ none
    OBJECT HELP
    DUMP none
    DUMP a
    COPY a copy
    COPY none copy
    RENAME copy copy2
    RENAMENX copy2 a
    RENAMENX copy2 copy3
    MOVE copy3 1
    MOVE none 1
    SORT l
    SORT l BY nosort GET key* GET #
    SORT l DESC STORE sorted
    SORT none
    SORT_RO l ALPHA LIMIT 0 1
    TOUCH a none
    WAIT 0 1
    DEL a none
    UNLINK b none
    MIGRATE 127.0.0.1 1 none 0 10
    !RENAME none x
    !RESTORE r 0 garbage
  `,
  connection: `
    PING
    PING hello
    ECHO hello
    SELECT 1
    SELECT 0
    CLIENT ID
    CLIENT GETNAME
    CLIENT SETNAME me
    CLIENT GETNAME
    CLIENT INFO
    CLIENT LIST
    CLIENT LIST TYPE pubsub
    CLIENT LIST ID 1 2
    CLIENT GETREDIR
    CLIENT TRACKINGINFO
    CLIENT TRACKING on BCAST PREFIX a NOLOOP
    CLIENT TRACKINGINFO
    CLIENT TRACKING off
    CLIENT TRACKING on OPTIN
    CLIENT CACHING yes
    CLIENT TRACKING off
    CLIENT KILL ID 999999
    CLIENT NO-EVICT on
    CLIENT PAUSE 1 WRITE
    CLIENT UNPAUSE
    CLIENT REPLY ON
    CLIENT UNBLOCK 999999
    CLIENT HELP
    HELLO
    !CLIENT KILL 1.2.3.4:5
    !HELLO 9
    !AUTH nope
    AUTH default any
    RESET
    QUIT
  `,
  transactions: `
    WATCH a
    UNWATCH
    MULTI
    SET a 1
    GET a
    EXEC
    MULTI
    DISCARD
    MULTI
    !NOPE
    !EXEC
    WATCH w
    SET w 1
    MULTI
    EXEC
    MULTI
    EXEC
    MULTI
    BLPOP none 0
    BLMOVE none d LEFT LEFT 0
    BZPOPMIN none 0
    LMPOP 1 none LEFT
    EXEC
    !DISCARD
  `,
  pubsub: `
    PUBLISH ch hello
    SPUBLISH ch hello
    PUBSUB CHANNELS
    PUBSUB NUMSUB a b
    PUBSUB NUMSUB
    PUBSUB NUMPAT
    PUBSUB SHARDCHANNELS
    PUBSUB SHARDNUMSUB a
    PUBSUB HELP
    UNSUBSCRIBE
    PUNSUBSCRIBE
    SUNSUBSCRIBE
    SUBSCRIBE one
    SUBSCRIBE two
    PSUBSCRIBE p*
    SSUBSCRIBE shard
    PING
    PING hello
    UNSUBSCRIBE one
    PUNSUBSCRIBE p*
    SUNSUBSCRIBE shard
    UNSUBSCRIBE nope
    UNSUBSCRIBE
    RESET
  `,
  scripting: `
    EVAL return{1,2,{3},'a',false} 0
    EVAL_RO return(1) 0
    SCRIPT LOAD return(1)
    EVALSHA 930269f31393d0be681588b6ab08dccee7d6bb67 0
    EVALSHA_RO 930269f31393d0be681588b6ab08dccee7d6bb67 0
    SCRIPT EXISTS 930269f31393d0be681588b6ab08dccee7d6bb67 x
    SCRIPT FLUSH ASYNC
    SCRIPT DEBUG NO
    SCRIPT HELP
    !SCRIPT KILL
    !EVALSHA 930269f31393d0be681588b6ab08dccee7d6bb67 0
    FUNCTION LOAD #!lua%20name=lib%0Aredis.register_function('f',function(k,a)return(1)end)
    FUNCTION LIST
    FUNCTION LIST WITHCODE
    FCALL f 0
    !FCALL_RO f 0
    FUNCTION STATS
    FUNCTION DUMP
    FUNCTION HELP
    !FUNCTION KILL
    FUNCTION DELETE lib
    FUNCTION FLUSH
    !FUNCTION RESTORE garbage
    FUNCTION LIST
  `,
  server: `
    DBSIZE
    TIME
    INFO
    INFO server clients
    LASTSAVE
    LOLWUT
    LOLWUT VERSION 5
    ROLE
    CONFIG GET maxmemory*
    CONFIG GET nope
    CONFIG SET latency-monitor-threshold 1 slowlog-log-slower-than 0
    CONFIG RESETSTAT
    CONFIG HELP
    !CONFIG REWRITE
    !CONFIG SET nope 1
    DEBUG SLEEP 0.005
    DEBUG HELP
    SLOWLOG LEN
    SLOWLOG GET
    SLOWLOG GET 1
    SLOWLOG RESET
    SLOWLOG HELP
    LATENCY LATEST
    LATENCY HISTORY command
    LATENCY HISTORY none
    LATENCY GRAPH command
    LATENCY DOCTOR
    LATENCY HISTOGRAM
    LATENCY HISTOGRAM get
    LATENCY HELP
    LATENCY RESET
    MEMORY USAGE none
    SET k v
    MEMORY USAGE k
    MEMORY STATS
    MEMORY DOCTOR
    MEMORY PURGE
    MEMORY MALLOC-STATS
    MEMORY HELP
    MODULE LIST
    MODULE HELP
    !MODULE UNLOAD nope
    !MODULE LOAD /nope
    COMMAND
    COMMAND COUNT
    COMMAND INFO get nope config|get xread
    COMMAND DOCS get config
    COMMAND LIST
    COMMAND LIST FILTERBY ACLCAT list
    COMMAND GETKEYS GET a
    COMMAND GETKEYSANDFLAGS SET a b
    COMMAND HELP
    !COMMAND GETKEYS PING x
    SWAPDB 0 1
    SAVE
    BGSAVE
    REPLICAOF NO ONE
    SLAVEOF NO ONE
    REPLCONF LISTENING-PORT 1
    FLUSHDB ASYNC
    FLUSHALL SYNC
    !FAILOVER
    !SHUTDOWN ABORT
  `,
  acl: `
    ACL CAT
    ACL CAT list
    ACL SETUSER u on >pw ~a* &c* +get (+set ~b*)
    ACL GETUSER u
    ACL GETUSER default
    ACL GETUSER none
    ACL LIST
    ACL USERS
    ACL WHOAMI
    ACL GENPASS
    ACL GENPASS 8
    ACL DRYRUN u GET abc
    ACL DRYRUN u SET abc x
    ACL DRYRUN u PING
    !AUTH u wrong
    ACL LOG
    ACL LOG 1
    ACL LOG RESET
    ACL DELUSER u none
    ACL HELP
    !ACL LOAD
    !ACL SAVE
  `,
};

/** For a server that is a cluster of one. */
export const CLUSTER_CALLS = `
  CLUSTER INFO
  CLUSTER MYID
  CLUSTER NODES
  CLUSTER SLOTS
  CLUSTER SHARDS
  CLUSTER LINKS
  CLUSTER KEYSLOT key
  CLUSTER COUNTKEYSINSLOT 1
  CLUSTER GETKEYSINSLOT 1 10
  CLUSTER ADDSLOTS 1 2
  CLUSTER ADDSLOTSRANGE 3 16383
  CLUSTER ADDSLOTS 0
  CLUSTER SLOTS
  CLUSTER SHARDS
  CLUSTER BUMPEPOCH
  CLUSTER SAVECONFIG
  CLUSTER HELP
  CLUSTER DELSLOTS 1
  CLUSTER DELSLOTSRANGE 2 3
  CLUSTER SLOTS
  CLUSTER FLUSHSLOTS
  !CLUSTER REPLICAS nope
  !CLUSTER SLAVES nope
  !CLUSTER COUNT-FAILURE-REPORTS nope
  !CLUSTER FORGET nope
  !CLUSTER FAILOVER
  !CLUSTER REPLICATE nope
  !CLUSTER SET-CONFIG-EPOCH 5
  CLUSTER MEET 127.0.0.1 1
  !CLUSTER SETSLOT 1 NODE nope
  CLUSTER RESET
  READONLY
  READWRITE
  ASKING
`;

/** For a sentinel. */
export const SENTINEL_CALLS = `
  SENTINEL MYID
  SENTINEL MONITOR m 127.0.0.1 1 1
  SENTINEL MASTERS
  SENTINEL MASTER m
  SENTINEL REPLICAS m
  SENTINEL SLAVES m
  SENTINEL SENTINELS m
  SENTINEL GET-MASTER-ADDR-BY-NAME m
  SENTINEL GET-MASTER-ADDR-BY-NAME none
  SENTINEL IS-MASTER-DOWN-BY-ADDR 127.0.0.1 1 0 *
  SENTINEL SET m quorum 1
  SENTINEL CONFIG GET *
  SENTINEL CONFIG SET announce-port 1
  SENTINEL DEBUG
  SENTINEL INFO-CACHE m
  SENTINEL PENDING-SCRIPTS
  SENTINEL FLUSHCONFIG
  SENTINEL SIMULATE-FAILURE HELP
  SENTINEL HELP
  SENTINEL CKQUORUM m
  !SENTINEL FAILOVER m
  SENTINEL RESET *
  SENTINEL REMOVE m
  SENTINEL MASTERS
  ROLE
  PING
  COMMAND COUNT
`;

export interface CallRow {
  readonly line: string;
  readonly argv: readonly string[];
  readonly fails: boolean;
}

export function parseCalls(text: string): CallRow[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .map((line) => {
      const fails = line.startsWith('!');
      return { line, fails, argv: (fails ? line.slice(1) : line).split(/ +/).map(decodeURIComponent) };
    });
}
