/* stat/page_style.h - the style sheet of the page for people */
#ifndef MQ_CMD_STAT_PAGE_STYLE_H
#define MQ_CMD_STAT_PAGE_STYLE_H

extern const char page_style[];

#endif
