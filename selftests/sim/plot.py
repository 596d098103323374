#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Draw the day that sim/day printed: plot.py <day.tsv >damping.svg"""

import math
import re
import sys

WIDTH = 1000
LEFT, RIGHT = 86, 958
DAY = 24 * 3600

INK, GREY, GRID = '#1f2328', '#59636e', '#e4e7eb'
PLAIN, DAMPED, FIGURE, HELD = '#c2410c', '#1d4ed8', '#1f2328', '#dbe7ff'

# What is looked at closely: from, to, in seconds of the day.
ZOOM = (17 * 3600 + 44 * 60, 17 * 3600 + 56 * 60)

# When nothing happens, and words have room.
AFTERNOON = 14.5 * 3600

LOWEST = 50     # of the figure, on its logarithmic axis


class Day:
    """The rows, and what the gates were set to."""

    def __init__(self, lines):
        self.rows, self.conf, self.sums = [], {}, {}
        for line in lines:
            if line.startswith('# seed') and 'penalty' in line:
                self.conf = {k: int(v) for k, v in re.findall(r'(\w+)=(\d+)', line)}
            elif line.startswith('# seed'):
                for part in re.split(r'(?=plain:|damped:)', line[2:]):
                    who = part.split(':')[0] if ':' in part else 'day'
                    self.sums[who] = {k: int(v) for k, v in re.findall(r'(\w+)=(\d+)', part)}
            elif line[0].isdigit():
                time, service, plain, damped, figure = line.split()
                self.rows.append((float(time), service, plain, damped, int(figure)))
        self.ceiling = self.conf['reuse'] * 2 ** (self.conf['max'] / self.conf['half_life'])

    def edges(self, column):
        """Times at which the prefix was announced, and withdrawn."""
        was, announced, withdrawn = False, [], []
        for row in self.rows:
            # With a "down" time, "closing" would still be announced.
            want = row[column] in ('open', 'closing')
            if want != was:
                (announced if want else withdrawn).append(row[0])
            was = want
        return announced, withdrawn

    def spans(self, column, states):
        """From when until when the gate was in one of these states."""
        begun, spans = None, []
        for row in self.rows:
            inside = row[column] in states
            if inside and begun is None:
                begun = row[0]
            elif not inside and begun is not None:
                spans.append((begun, row[0]))
                begun = None
        if begun is not None:
            spans.append((begun, DAY))
        return spans

    def figure(self, start, end):
        """Corners of the figure: straight lines on a logarithmic axis."""
        half = self.conf['half_life'] / 1000

        def decayed(row, time):
            return row[4] * 2 ** ((row[0] - time) / half)

        corners, last = [], None
        for row in self.rows + [(DAY, '', '', '', 0)]:
            before = decayed(last, row[0]) if last else 0
            if last and last[4] > LOWEST:
                gone = last[0] + half * math.log2(last[4] / LOWEST)
                begun, ended = max(last[0], start), min(row[0], gone, end)
                if begun < ended:
                    corners += [(begun, decayed(last, begun)), (ended, decayed(last, ended))]
            if start <= row[0] <= end and row[4] > before + 1:
                # A penalty.
                corners += [None] if before < LOWEST else []
                corners += [(row[0], max(before, LOWEST)), (row[0], row[4])]
            last = row
        return corners


class Panel:
    """A part of the picture with axes of its own."""

    def __init__(self, out, top, height, start, end):
        self.out, self.top, self.height = out, top, height
        self.start, self.end = start, end

    def x(self, time):
        time = min(max(time, self.start), self.end)
        return LEFT + (RIGHT - LEFT) * (time - self.start) / (self.end - self.start)

    def heading(self, text, note=''):
        self.out.append(f'<text x="{LEFT}" y="{self.top - 10}" class="head">{text}'
                        f'<tspan class="note" dx="10">{note}</tspan></text>')

    def hours(self, every, labels=True):
        time = math.ceil(self.start / every) * every
        while time <= self.end:
            x = self.x(time)
            self.line(x, self.top, x, self.top + self.height, GRID)
            if labels:
                text = f'{int(time // 3600):02d}:{int(time % 3600 // 60):02d}'
                self.text(x, self.top + self.height + 18, text, 'middle')
            time += every

    def frame(self):
        self.out.append(f'<rect x="{LEFT}" y="{self.top}" width="{RIGHT - LEFT}" '
                        f'height="{self.height}" fill="none" stroke="{GREY}"/>')

    def line(self, x1, y1, x2, y2, colour, more=''):
        self.out.append(f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" '
                        f'stroke="{colour}" {more}/>')

    def text(self, x, y, text, anchor='start', colour=GREY, more=''):
        self.out.append(f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" '
                        f'fill="{colour}" {more}>{text}</text>')

    def side(self, text):
        y = self.top + self.height / 2
        self.text(18, y, text, 'middle', GREY, f'transform="rotate(-90 18 {y:.1f})"')

    def path(self, corners, colour, width=1.2):
        d, pen = [], 'M'
        for corner in corners:
            if corner is None:
                pen = 'M'
                continue
            d.append(f'{pen}{corner[0]:.1f} {corner[1]:.1f}')
            pen = 'L'
        self.out.append(f'<path d="{"".join(d)}" fill="none" stroke="{colour}" '
                        f'stroke-width="{width}" stroke-linejoin="round"/>')

    def band(self, spans, y, height, colour):
        d = ''.join(f'M{self.x(a):.1f} {y:.1f}H{self.x(b):.1f}v{height:.1f}H{self.x(a):.1f}z'
                    for a, b in spans if b > self.start and a < self.end)
        self.out.append(f'<path d="{d}" fill="{colour}"/>')

    def ticks(self, times, y, height, colour):
        d = ''.join(f'M{self.x(t):.1f} {y:.1f}v{height:.1f}'
                    for t in times if self.start <= t <= self.end)
        self.out.append(f'<path d="{d}" stroke="{colour}" stroke-width="1"/>')


def draw_figure(panel, day, room):
    """The figure of merit, and where it held the prefix back. There is room for words."""
    def y(figure):
        span = math.log2(day.ceiling * 1.25 / LOWEST)
        part = math.log2(max(figure, LOWEST) / LOWEST) / span
        return panel.top + panel.height * (1 - part)

    panel.band(day.spans(3, ('damped',)), panel.top, panel.height, HELD)
    for figure in (100, 200, 500, 1000, 5000, 10000):
        panel.line(LEFT, y(figure), RIGHT, y(figure), GRID)
        if figure in (100, 5000, 10000):
            panel.text(LEFT - 8, y(figure) + 4, f'{figure}', 'end')
    panel.path([p and (panel.x(p[0]), y(p[1])) for p in day.figure(panel.start, panel.end)],
               FIGURE)
    for name, figure, colour, lift in (('suppress', day.conf['suppress'], PLAIN, -5),
                                       ('reuse', day.conf['reuse'], DAMPED, 15),
                                       ('ceiling', day.ceiling, GREY, 15)):
        panel.line(LEFT, y(figure), RIGHT, y(figure), colour,
                   'stroke-dasharray="6 4" stroke-width="1.3"')
        panel.text(LEFT - 8, y(figure) + 4, f'{figure:.0f}', 'end', colour)
        panel.text(panel.x(room), y(figure) + lift, name, 'middle', colour, 'class="halo"')
    panel.frame()
    panel.side('figure of merit')


def draw_marks(panel, day, column, colour):
    """Up for an announcement, down for a withdrawal."""
    middle = panel.top + panel.height / 2
    announced, withdrawn = day.edges(column)
    panel.ticks(announced, middle - 2, 4 - panel.height / 2, colour)
    panel.ticks(withdrawn, middle + 2, panel.height / 2 - 4, colour)
    panel.line(LEFT, middle, RIGHT, middle, GREY)
    panel.frame()


def draw_sum(panel, day):
    """Announcements so far."""
    most = max(len(day.edges(2)[0]), len(day.edges(3)[0]))
    top = math.ceil(most / 50) * 50

    def y(count):
        return panel.top + panel.height * (1 - count / top)

    for count in range(0, top + 1, 100 if top > 250 else 50):
        panel.line(LEFT, y(count), RIGHT, y(count), GRID)
        panel.text(LEFT - 8, y(count) + 4, f'{count}', 'end')
    for column, colour, name in ((2, PLAIN, 'without damping'), (3, DAMPED, 'with damping')):
        announced = day.edges(column)[0]
        corners, count = [(LEFT, y(0))], 0
        for time in announced:
            corners.append((panel.x(time), y(count)))
            count += 1
            corners.append((panel.x(time), y(count)))
        corners.append((RIGHT, y(count)))
        panel.path(corners, colour, 2)
        x = panel.x(AFTERNOON)
        so_far = sum(time < AFTERNOON for time in announced)
        panel.text(x, y(so_far) - 9, name, 'middle', colour, 'class="halo strong"')
        panel.text(RIGHT + 5, y(count) + 4, f'{count}', 'start', colour, 'class="strong"')
    panel.frame()
    panel.side('announcements')


def draw_bars(panel, day):
    """When the service was up, and when its prefix was announced."""
    rows = (('service', 1, ('up',), GREY),
            ('undamped', 2, ('open', 'closing'), PLAIN),
            ('damped', 3, ('open', 'closing'), DAMPED))
    step = panel.height / len(rows)
    for i, (name, column, states, colour) in enumerate(rows):
        y = panel.top + i * step
        panel.band(day.spans(column, states), y + 4, step - 8, colour)
        panel.text(LEFT - 8, y + step / 2 + 4, name, 'end', colour)
    panel.frame()


STYLE = f'''
text {{ font: 13px "DejaVu Sans", Verdana, sans-serif; }}
.title {{ font-size: 18px; font-weight: bold; fill: {INK}; }}
.head {{ font-size: 14px; font-weight: bold; fill: {INK}; }}
.note {{ font-size: 13px; font-weight: normal; fill: {GREY}; }}
.strong {{ font-weight: bold; }}
.halo {{ paint-order: stroke; stroke: #fff; stroke-width: 4px; stroke-linejoin: round; }}
'''


def minutes(seconds):
    return f'{seconds / 60:.0f} min'


def draw(day):
    out = []
    plain, damped, whole = day.sums['plain'], day.sums['damped'], day.sums['day']

    out.append(f'<text x="{LEFT}" y="30" class="title">A day of a daemon that crashes '
               f'{whole["crashes"]} times</text>')
    out.append(f'<text x="{LEFT}" y="51" class="note">up 1s, down 0; damping: penalty '
               f'{day.conf["penalty"]}, suppress {day.conf["suppress"]}, reuse '
               f'{day.conf["reuse"]}, half-life {day.conf["half_life"] // 1000}s, '
               f'at most {minutes(day.conf["max"] / 1000)}</text>')

    panel = Panel(out, 92, 215, 0, DAY)
    panel.heading('Figure of merit', 'logarithmic; shaded: the service is up and held back')
    panel.hours(2 * 3600)
    draw_figure(panel, day, AFTERNOON)

    panel = Panel(out, 368, 54, 0, DAY)
    panel.heading('Without damping', f'{plain["announced"]} announcements (up), '
                  f'{plain["withdrawn"]} withdrawals (down)')
    panel.hours(2 * 3600, False)
    draw_marks(panel, day, 2, PLAIN)

    panel = Panel(out, 456, 54, 0, DAY)
    panel.heading('With damping', f'{damped["announced"]} announcements, '
                  f'{damped["withdrawn"]} withdrawals; held back for '
                  f'{minutes(damped["held_back"])} in all, '
                  f'{damped["longest"]}s at a stretch at most')
    panel.hours(2 * 3600)
    draw_marks(panel, day, 3, DAMPED)

    panel = Panel(out, 568, 165, 0, DAY)
    panel.heading('Announcements so far')
    panel.hours(2 * 3600)
    draw_sum(panel, day)

    clock = [f'{int(t // 3600):02d}:{int(t % 3600 // 60):02d}' for t in ZOOM]
    panel = Panel(out, 796, 170, *ZOOM)
    panel.heading(f'{clock[0]} to {clock[1]}, closely', 'bars: the service is up, the prefix is announced')
    panel.hours(60, False)
    draw_figure(panel, day, ZOOM[1] - 60)
    panel = Panel(out, 978, 84, *ZOOM)
    panel.hours(120)
    draw_bars(panel, day)

    height = 1104
    out.append(f'<text x="{(LEFT + RIGHT) / 2}" y="{height - 8}" text-anchor="middle" '
               f'fill="{GREY}">time of day</text>')
    print(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
          f'width="{WIDTH}" height="{height}">')
    print('<!-- SPDX-License-Identifier: GPL-2.0 -->')
    print('<!-- Made by "make -C selftests sim" from selftests/sim/day.tsv. -->')
    print(f'<style>{STYLE}</style>')
    print(f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>')
    print('\n'.join(out))
    print('</svg>')


draw(Day(sys.stdin))
