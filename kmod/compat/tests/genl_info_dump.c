/* 6.6: a dump has a struct genl_info */
#include <net/genetlink.h>
const struct genl_info *i(struct netlink_callback *cb);
const struct genl_info *i(struct netlink_callback *cb) { return genl_info_dump(cb); }
