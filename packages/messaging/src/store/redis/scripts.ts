import { createHash } from "node:crypto";

/** A Lua script, run whole by Redis before anything else. */
export interface LuaScript {
  readonly source: string;
  readonly sha1: string;
}

function lua(source: string): LuaScript {
  return { source, sha1: createHash("sha1").update(source).digest("hex") };
}

/** KEYS[1] the claim; ARGV fingerprint, token, lease ms. A claim is a hash: f(ingerprint), t(oken), a(nswer). */
export const claimScript = lua(`
local held = redis.call('HMGET', KEYS[1], 'f', 'a')
if not held[1] then
  redis.call('HSET', KEYS[1], 'f', ARGV[1], 't', ARGV[2])
  redis.call('PEXPIRE', KEYS[1], ARGV[3])
  return {'claimed', ''}
end
if held[1] ~= ARGV[1] then return {'mismatch', ''} end
if held[2] then return {'done', held[2]} end
return {'in_flight', tostring(redis.call('PTTL', KEYS[1]))}
`);

/** KEYS[1] the claim; ARGV token, answer, time to live ms. */
export const confirmScript = lua(`
local held = redis.call('HMGET', KEYS[1], 't', 'a')
if held[1] ~= ARGV[1] or held[2] then return 0 end
redis.call('HSET', KEYS[1], 'a', ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1
`);

/** KEYS[1] the claim; ARGV token, lease ms. */
export const extendScript = lua(`
local held = redis.call('HMGET', KEYS[1], 't', 'a')
if held[1] ~= ARGV[1] or held[2] then return 0 end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1
`);

/** KEYS[1] the claim; ARGV token. */
export const releaseScript = lua(`
local held = redis.call('HMGET', KEYS[1], 't', 'a')
if held[1] ~= ARGV[1] or held[2] then return 0 end
return redis.call('DEL', KEYS[1])
`);

/** KEYS[1] the value; ARGV '1' when a value is expected, the expected value, the new value, time to live ms. */
export const compareAndSetScript = lua(`
local present = redis.call('GET', KEYS[1])
if ARGV[1] == '1' then
  if present ~= ARGV[2] then return 0 end
elseif present then
  return 0
end
redis.call('SET', KEYS[1], ARGV[3], 'PX', ARGV[4])
return 1
`);
