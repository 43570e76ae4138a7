import { createHash } from "node:crypto";

/** A Lua script, run whole by Redis before anything else. */
export interface LuaScript {
  readonly source: string;
  readonly sha1: string;
}

function lua(source: string): LuaScript {
  return { source, sha1: createHash("sha1").update(source).digest("hex") };
}

// The scripts about claims and values take any number of keys, with as many arguments for each, and answer for each.

/**
 * KEYS claims; ARGV for each: fingerprint, token, lease ms. A claim is a hash: f(ingerprint), t(oken), a(nswer). Answers with
 * the outcome, and with what is to be said of it when there is something.
 */
export const claimScript = lua(`
local answers = {}
for i, key in ipairs(KEYS) do
  local held = redis.call('HMGET', key, 'f', 'a')
  if not held[1] then
    redis.call('HSET', key, 'f', ARGV[i * 3 - 2], 't', ARGV[i * 3 - 1])
    redis.call('PEXPIRE', key, ARGV[i * 3])
    answers[i] = 'claimed'
  elseif held[1] ~= ARGV[i * 3 - 2] then
    answers[i] = 'mismatch'
  elseif held[2] then
    answers[i] = {'done', held[2]}
  else
    answers[i] = {'in_flight', tostring(redis.call('PTTL', key))}
  end
end
return answers
`);

/** KEYS claims; ARGV for each: token, answer, time to live ms. */
export const confirmScript = lua(`
local answers = {}
for i, key in ipairs(KEYS) do
  local held = redis.call('HMGET', key, 't', 'a')
  if held[1] ~= ARGV[i * 3 - 2] or held[2] then
    answers[i] = 0
  else
    redis.call('HSET', key, 'a', ARGV[i * 3 - 1])
    redis.call('PEXPIRE', key, ARGV[i * 3])
    answers[i] = 1
  end
end
return answers
`);

/** KEYS claims; ARGV for each: token, lease ms. */
export const extendScript = lua(`
local answers = {}
for i, key in ipairs(KEYS) do
  local held = redis.call('HMGET', key, 't', 'a')
  if held[1] ~= ARGV[i * 2 - 1] or held[2] then
    answers[i] = 0
  else
    redis.call('PEXPIRE', key, ARGV[i * 2])
    answers[i] = 1
  end
end
return answers
`);

/** KEYS claims; ARGV for each: token. */
export const releaseScript = lua(`
local answers = {}
for i, key in ipairs(KEYS) do
  local held = redis.call('HMGET', key, 't', 'a')
  if held[1] ~= ARGV[i] or held[2] then
    answers[i] = 0
  else
    answers[i] = redis.call('DEL', key)
  end
end
return answers
`);

/** KEYS values; ARGV for each: '1' when a value is expected, the expected value, the new value, time to live ms. */
export const compareAndSetScript = lua(`
local answers = {}
for i, key in ipairs(KEYS) do
  local present = redis.call('GET', key)
  local fits
  if ARGV[i * 4 - 3] == '1' then
    fits = present == ARGV[i * 4 - 2]
  else
    fits = not present
  end
  if fits then
    redis.call('SET', key, ARGV[i * 4 - 1], 'PX', ARGV[i * 4])
    answers[i] = 1
  else
    answers[i] = 0
  end
end
return answers
`);

/**
 * KEYS for each group its keys and the list of what is due of their tag; ARGV for each group: how many keys it has, then for
 * each of them the expected version ('' for none), `version:value`, time to live ms, the key's name in the list, and when it
 * is due ('' as before, '-' never). A group is written whole, or not at all when a version is
 * not what was expected. Answers 1 or 0 for each group.
 */
export const writeVersionedScript = lua(`
local answers, key, arg = {}, 1, 1
while ARGV[arg] do
  local count, fits = tonumber(ARGV[arg]), 1
  for i = 0, count - 1 do
    local head = redis.call('GETRANGE', KEYS[key + i], 0, 63)
    local version = string.match(head, '^([^:]*):') or ''
    if version ~= ARGV[arg + 1 + i * 5] then fits = 0 break end
  end
  if fits == 1 then
    for i = 0, count - 1 do
      local at = arg + i * 5
      redis.call('SET', KEYS[key + i], ARGV[at + 2], 'PX', ARGV[at + 3])
      local due = ARGV[at + 5]
      if due == '-' then
        redis.call('ZREM', KEYS[key + count], ARGV[at + 4])
      elseif due ~= '' then
        redis.call('ZADD', KEYS[key + count], due, ARGV[at + 4])
      end
    end
  end
  answers[#answers + 1] = fits
  key, arg = key + count + 1, arg + 1 + count * 5
end
return answers
`);

/** KEYS a list of what is due; ARGV: now, when each is due again, how many at most. Answers the names that were due. */
export const claimDueScript = lua(`
local names = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, ARGV[3])
for _, name in ipairs(names) do redis.call('ZADD', KEYS[1], ARGV[2], name) end
return names
`);
