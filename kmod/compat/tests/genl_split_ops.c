/* 6.2: one policy for each of do and dump */
#include <net/genetlink.h>
struct genl_family f = { .split_ops = (struct genl_split_ops *)0 };
