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

/**
 * KEYS every key of every group, in order; ARGV for each group: how many keys it has, then for each of them the expected
 * version ('' for none), `version:value`, time to live ms. A group is written whole, or not at all when a version is not
 * what was expected. Answers 1 or 0 for each group.
 */
export const writeVersionedScript = lua(`
local answers, key, arg = {}, 1, 1
while ARGV[arg] do
  local count, fits = tonumber(ARGV[arg]), 1
  for i = 0, count - 1 do
    local head = redis.call('GETRANGE', KEYS[key + i], 0, 63)
    local version = string.match(head, '^([^:]*):') or ''
    if version ~= ARGV[arg + 1 + i * 3] then fits = 0 break end
  end
  if fits == 1 then
    for i = 0, count - 1 do
      redis.call('SET', KEYS[key + i], ARGV[arg + 2 + i * 3], 'PX', ARGV[arg + 3 + i * 3])
    end
  end
  answers[#answers + 1] = fits
  key, arg = key + count, arg + 1 + count * 3
end
return answers
`);
