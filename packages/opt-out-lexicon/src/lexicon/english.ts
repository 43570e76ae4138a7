import type { Lexicon } from "./lexicon.js";

const CALL =
  "call phone ring text message contact whatsapp sms email spam bother disturb harass pester trouble";
const CALLING =
  "calling phoning ringing texting messaging contacting whatsapping emailing spamming bothering disturbing harassing pestering troubling";
const CALLED =
  "called phoned texted messaged contacted whatsapped emailed spammed bothered disturbed harassed";

export const english: Lexicon = {
  language: "en",
  sets: {
    stop: "stop quit cease",
    call: CALL,
    calling: CALLING,
    called: CALLED,
    me: "me us",
    own: "this my our",
    line: "number numbers phone line cell mobile cellphone house home office",
    again: "again anymore ever",
    det: "the these those this that your any anymore all more such so many of my other unwanted marketing promotional spam sales phone text whatsapp sms advertising silly stupid annoying",
    pointing: "the these those your all this my",
    mail: "messages texts sms smses spam ads adverts advertisements advertising offers promotions promos marketing notifications whatsapps emails calls",
    anymail:
      "messages message texts text sms smses spam ads adverts advertisements advertising offers promotions promos marketing notifications whatsapps emails calls updates alerts stuff things junk",
    remove:
      "take get pull cross scratch strike kick remove delete drop erase wipe",
    mine: "me us this my our that",
    data: "phone mobile cell number numbers name contact contacts details info information data",
    listtype:
      "call calling contact contacts mailing marketing phone sms text texting message messaging whatsapp broadcast distribution customer customers subscriber subscribers subscription telemarketing promotional promotions",
    list: "list lists database system records contacts directory",
    want: "want wish need wanna like care",
  },
  keywords: [
    "unsubscribe",
    "unsub",
    "unsubscribe me",
    "unsubscribe all",
    "optout",
    "opting out",
    "stop it",
    "stop this",
    "stop that",
    "stop immediately",
    "i said stop",
    "just stop",
    "remove me",
    "stop calls",
    "stop calling",
    "stop messages",
    "stop messaging",
    "stop texting",
    "stop sms",
    "dont call list",
    "dont call",
    "dont disturb",
    "leave me alone",
  ],
  bareKeywords: ["cancel", "end", "quit", "revoke", "remove", "cancel all"],
  optInKeywords: [
    "start again",
    "restart",
    "resume",
    "subscribe",
    "subscribe me",
    "subscribe me again",
    "resubscribe",
    "optin",
    "opt me in",
    "start messages",
    "start calls",
  ],
  courtesies: [
    "please",
    "kindly",
    "thanks",
    "thank you",
    "ok",
    "okay",
    "hi",
    "hello",
    "hey",
    "no",
    "yes",
    "sir",
    "madam",
    "sorry",
    "just",
    "now",
    "bye",
    "goodbye",
    "i said",
  ],
  requests: [
    {
      follow: "addressed",
      contact: true,
      patterns: ["{stop} {calling} {me} {again}*"],
    },
    {
      contact: true,
      voice: "order",
      patterns: [
        "(dont|never) (ever|you|please|even|dare|again)* {call} {me} back? {again} {again}?",
        "(dont|never) (ever|you|please)* {call} {own} {data}* {line} {again}*",
        "(dont|never) {call} (here|back)? (again|anymore) ever?",
      ],
    },
    {
      contact: true,
      patterns: [
        "{stop} {calling} {own} {data}* {line} {again}*",
        "you dont {call} {me} again",
        "(not|never) to ever? {call} {me} {again}",
        "(can|could|would|will) you (please|kindly|just)* (not|never) ever? {call} {me} {again}*",
      ],
    },
    {
      follow: "addressed",
      weak: true,
      contact: true,
      voice: "order",
      patterns: ["(dont|never) (ever|you|please|even|dare)* {call} {me}"],
    },
    {
      follow: "addressed",
      weak: true,
      contact: true,
      voice: "wish",
      patterns: [
        "(told|asked|asking|telling|beg|begging|warned|warning) you (all|guys)? not to {call} {me} {again}*",
        "(dont|longer) (really|even)? {want} (you|anyone|anybody|people) to {call} {me} {again}*",
        "(want|like|prefer|wish|love) you? (not|to) (not|to) {call} {me} {again}*",
        "(dont|longer) (really|even)? {want} to be {called} {again}*",
        "(want|like|prefer|wish|love) (not|to) (not|to) be {called} {again}*",
      ],
    },
    {
      follow: "closing",
      weak: true,
      contact: true,
      voice: "order",
      patterns: [
        "{stop} {calling} (here|people)? {again}*",
        "(dont|never) (ever|please)* (call|phone|contact|text|message|disturb)",
      ],
    },
    {
      patterns: [
        "{stop} sending {me}? {det}* {anymail}",
        "{stop} {pointing} {det}* {mail}",
      ],
    },
    {
      voice: "order",
      patterns: [
        "(dont|never) (ever|please|you)* send {me}? {det}* {mail} {again}*",
      ],
    },
    {
      voice: "wish",
      patterns: [
        "(dont|longer) (really|even)? {want} to? (receive|get|see|have|receiving|getting) {det}* {mail} {again}*",
        "(dont|longer) (really|even)? {want} (your|these|those|any|more|such|anymore) {det}* {mail} {again}*",
        "(dont|longer) (really|even)? {want} to (hear|receive|get) (anything|any|more)* from (you|your|this|the) {again}*",
        "not interested in (receiving|getting) {det}* {mail}",
        "(want|like|prefer|wish|love) (not|to) (not|to) (receive|get) {det}* {mail}",
        "(want|like|wish|need|wanna|love|please) to? stop (receiving|getting) {det}* {mail}",
      ],
    },
    {
      follow: "closing",
      voice: "wish",
      patterns: ["(dont|longer) (really|even)? {want} {mail}"],
    },
    {
      follow: "closing",
      patterns: [
        "{stop} sending {me} {again}*",
        "(take|get) {me} off",
        "(remove|unsubscribe) {me} (now|immediately)?",
        "(remove|delete|erase|lose|forget) {own} {data} {data}* (now|immediately)?",
      ],
    },
    {
      follow: "closing",
      opening: true,
      patterns: [
        "no more {det}* {mail} (from|to)? (you|me|us)? {again}?",
        "not interested (so|and)? (dont|stop) (call|calling)",
      ],
    },
    {
      absolute: true,
      patterns: [
        "{remove} {mine} {data}* (off|from|out) of? {det}* {listtype}* {list}",
        "(put|add) {mine} {data}* (on|to) (your|the) dont call",
        "unsubscribe {mine} {data}* from",
        "unsubscribe me",
        "opt (me|us) out",
        "opt {own} {data} out",
        "(revoke|withdraw|cancel|end|stop) my (consent|permission|subscription|subscriptions)",
        "leave (me|us) (alone|be)",
        "leave (me|us) in peace",
      ],
    },
    {
      absolute: true,
      voice: "wish",
      patterns: [
        "(dont|longer) (really|even)? {want} (to|my)? {data}* (be|being)? on {det}* {listtype}* {list}",
        "(want|like|wish|need|wanna|love|please|kindly) to? (unsubscribe|optout)",
      ],
    },
    {
      unguarded: true,
      patterns: ["if you dont stop {calling} {me}"],
    },
  ],
  subjects: [
    "(you|they|he|she|we|i|it|people|who|that|which|customers|clients|phones|nobody|anyone|guys|friends) (just|really|also|usually|would|may|might|can|could|said|say)*",
    "(why|if|unless|because|since)",
  ],
  others: [
    "(you|they|he|she|it|people|who|that|which|customers|clients|nobody|anyone|somebody|friends|wife|husband|mother|father|brother|sister) (just|really|also|may|might)*",
    "(do|does|did|if|whether|when|would|should|why) (you|i|we|they|he|she|people)",
  ],
  before: [
    // Negations.
    "(dont|never|not|cant|wont|wouldnt|shouldnt|couldnt|mustnt|nobody|without|instead) (you|ever|please|just|even|also|of|to)*",
    "(dont|didnt|never|not|doesnt|wouldnt|havent) (really|even|ever)? (want|wanted|need|needed|like|have|had|ask|asked|asking|tell|told|telling|mean|meant|wish|expect) for? (you|him|her|them|anyone|it|us|me|i)* to",
    "(dont|didnt|never|not|doesnt|wouldnt|havent) (really|even|ever)? (say|said|saying|mean|meant|think) (that|you|i|we|they|to|should|must|can|the|words|word)*",
    "no (need|reason) (for|you)* to",
    // Questions and conditions about it.
    "(how|where|why|if|what|whether|unless|until|before|which) (do|does|did|can|could|should|would|may|might|must|to|i|we|one|someone|people|they|he|she|it|happens|when|if|you|say|said|text|type|reply|send|press|not|just|need|have)*",
    "when (do|does|can|could|should|i|we|they|he|she|people|someone)*",
    "who (told|asked|says|said) (you|them|him|her)* to",
    "(can|could|may|should|shall|must|do|did|does|will|would|have) (i|we|he|she|they|it|someone|people) (say|text|type|reply|just|please|ever|really|have|need|to)*",
    "(did|have|had|are|were) you (ever|really|already|just|supposed|to|say|tell|mean)*",
    "possible (for|me|us|you)* to",
    // Words that are quoted.
    "(reply|text|type|press|write|says|saying|means|called|word|button|song|sign|title) (the|word|words|with|that)*",
  ],
  limits: [
    "at (night|noon|lunch|midnight|dawn|work|church|school|home|weekends)",
    "at (this|that|such|odd|these|the)* (time|times|hour|hours|moment|office)",
    "at (1|2|3|4|5|6|7|8|9|10|11|12|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)",
    "in the (morning|mornings|evening|evenings|afternoon|afternoons|night|middle|meantime)",
    "in (english|french|kinyarwanda|swahili|kiswahili|capital|capitals)",
    "on (sunday|sundays|saturday|saturdays|monday|mondays|tuesday|wednesday|thursday|friday|fridays|weekends|weekdays|holidays|sabbath)",
    "(during|before|after|until|till|while|when|whenever|unless|except|late|early|twice)",
    "so (early|late|often|much|many|loudly|fast)",
    "too (early|late|often|much|many)",
    "this (early|late|often)",
    "as (much|often)",
  ],
  moments: [
    "(now|today|tonight|tomorrow|later|yet|if)",
    "right now",
    "for (now|today|the|a|an)",
    "(this|next) (week|morning|evening|afternoon|month|weekend|minute)",
    "because (im|i) am? (driving|busy|sleeping|eating|working|in)",
    "(im|i) am? (driving|busy|sleeping|eating|working|in|at)",
  ],
  otherChannels: [
    "(but|just|instead|please|you|can|only|and|rather|better|i|prefer|to|lets)* (call|phone|text|message|whatsapp|write|email|sms|send|chat|texting|messaging) (me|us|instead|on|a|an|by|only|here|with|better)",
    "(but|just|instead|please|only|rather|better)* (text|message|whatsapp|write|email|sms|chat) (only|instead)?",
  ],
  continuations:
    "again anymore ever please kindly thanks thank ok okay bye goodbye now immediately today i im ive id we you your youre this that its it because cause cos coz and or from about on at here no not never stop remove take delete unsubscribe dont leave what why who to every everyday all already like otherwise with for by day always constantly repeatedly seriously guys people man",
};
