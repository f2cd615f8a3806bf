/** Commands and options of 7.2 and 7.4, which are not there as long as 7.0.15 is advertised. */
import { conformance } from './runner.ts';

conformance('later versions', {
  'fields that expire': [
    'HSET h a 1',
    'HEXPIRE h 10 FIELDS 1 a',
    'HPEXPIRE h 10 FIELDS 1 a',
    'HEXPIREAT h 10 FIELDS 1 a',
    'HPEXPIREAT h 10 FIELDS 1 a',
    'HTTL h FIELDS 1 a',
    'HPTTL h FIELDS 1 a',
    'HEXPIRETIME h FIELDS 1 a',
    'HPEXPIRETIME h FIELDS 1 a',
    'HPERSIST h FIELDS 1 a',
    'HSCAN h 0 NOVALUES',
  ],
  'smaller additions': [
    'ZADD z 1 a',
    'ZRANK z a WITHSCORE',
    'ZREVRANK z a WITHSCORE',
    'CLIENT SETINFO lib-name x',
    'CLIENT NO-TOUCH ON',
    'WAITAOF 0 0 0',
    'COMMAND INFO hexpire',
  ],
});
