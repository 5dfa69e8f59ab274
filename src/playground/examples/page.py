# Threads use a page's elements at the same time: weft.page is the frame
# above the terminal. The handler of the button runs on a thread, too.
import threading

from weft import page

document = page.document
stopped = threading.Event()


def make(name, text="", **attributes):
    element = document.createElement(name)
    element.textContent = text
    for key, value in attributes.items():
        element.setAttribute(key, value)
    return element


def work(number):
    label = make("label", f"thread {number} ")
    bar = make("progress", max="100", value="0")
    label.append(bar)
    row = make("p")
    row.append(label)
    document.body.append(row)
    done = 0
    while done < 100 and not stopped.is_set():
        sum(range(20_000))
        done += 1
        bar.value = done
    label.append(" done" if done == 100 else " stopped")


button = make("button", "Stop the threads", id="stop")
document.body.append(button)


@page.on(button, "click")
def clicked(event):
    stopped.set()
    event.target.textContent = f"stopped by {threading.current_thread().name}"


threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
clicked.remove()
print("the page has", len(page.query_all("progress")), "bars")
