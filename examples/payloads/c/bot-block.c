/*
 * Turns away what calls itself by certain names, or comes from certain countries.
 *
 * config: `agents`, parts of User-Agent, separated by commas; `countries`, separated by commas, looked for in the header that `country_header`
 * names (default cf-ipcountry: something in front of mothership has to set it); `status` (three digits, default 403).
 * A request without User-Agent is turned away if `agents` holds a "-".
 */
#include "mothership.h"

/* Room for the longest descriptions that mothership makes: 256 KiB. */
static char request_text[256 * 1024];
static char config_text[16 * 1024];

typedef int (*test)(text value, text item);

/* True when the test holds for an item of a list. */
static int any(text list, text value, test holds) {
  const char *from = list.at, *end = list.at + list.length;
  while (from < end) {
    const char *to = from;
    while (to < end && *to != ',') to++;
    if (to > from && holds(value, (text){from, (int)(to - from)})) return 1;
    from = to + 1;
  }
  return 0;
}

static int missing(text value, text item) { return value.length < 0 && item.length == 1 && *item.at == '-'; }

static void turn_away(text status, const char *body, int length) {
  int number = 403;
  if (status.length == 3) number = (status.at[0] - '0') * 100 + (status.at[1] - '0') * 10 + (status.at[2] - '0');
  set_block(number, body, length);
}

#define TURN_AWAY(config, body) turn_away(MEMBER(config, "status"), body, sizeof(body) - 1)

EXPORT("on_request") void on_request(void) {
  text request = {request_text, read_request(request_text, sizeof request_text)};
  // A list of which a part is missing would let through what the rest names.
  if (get_config() > (int)sizeof config_text) __builtin_trap();
  text config = {config_text, read_config(config_text, sizeof config_text)};
  text headers = MEMBER(request, "headers");

  text agents = MEMBER(config, "agents");
  text agent = MEMBER(headers, "user-agent");
  if (agents.length > 0 && (any(agents, agent, missing) || (agent.length >= 0 && any(agents, agent, contains)))) {
    TURN_AWAY(config, "Automated requests are not served here.\n");
    return;
  }

  text countries = MEMBER(config, "countries");
  text header = MEMBER(config, "country_header");
  text country = header.length > 0 ? member(headers, header.at, header.length) : MEMBER(headers, "cf-ipcountry");
  if (countries.length > 0 && country.length >= 0 && any(countries, country, same)) TURN_AWAY(config, "Not available in your country.\n");
}
