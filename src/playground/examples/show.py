# display() shows tables, SVG, PNG, HTML and canvases beside the terminal,
# from any thread.
import math
import threading
import time

from weft import HTML, SVG, display

display([
    {"language": "Python", "threads": "in parallel", "since": 2026},
    {"language": "JavaScript", "threads": "workers", "since": 2009},
])

display(HTML("<p>HTML is shown in a frame <b>without scripts</b>.</p>"))

chart = display(SVG("<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 320 120'/>"))


def wave(phase):
    points = " ".join(f"{x},{60 - 45 * math.sin(x / 25 + phase):.1f}" for x in range(0, 321, 4))
    return SVG(
        "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 320 120' width='480'>"
        f"<polyline points='{points}' fill='none' stroke='#6d64f0' stroke-width='3'/></svg>"
    )


def animate():
    for step in range(60):
        chart.update(wave(step / 8))
        time.sleep(0.04)


animation = threading.Thread(target=animate, name="animation")
animation.start()
animation.join()
print("done")
