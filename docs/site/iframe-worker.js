// Search runs in a worker. A page that is opened from a file may start none: there it runs in a frame.
if (location.protocol === "file:") {
  class IFrameWorker extends EventTarget {
    constructor(url) {
      super();
      this.onmessage = null;
      this.frame = document.createElement("iframe");
      this.frame.hidden = true;
      document.body.append(this.frame);
      const inner = this.frame.contentWindow;
      const load = (src) =>
        new Promise((done, failed) => {
          const script = inner.document.createElement("script");
          script.src = new URL(src, document.baseURI).href;
          script.onload = done;
          script.onerror = failed;
          inner.document.head.append(script);
        });
      inner.importScripts = (...all) =>
        all.reduce((before, src) => before.then(() => load(src)), Promise.resolve());
      inner.postMessage = (data) => {
        const event = new MessageEvent("message", { data });
        this.dispatchEvent(event);
        if (this.onmessage) this.onmessage(event);
      };
      this.ready = load(url);
    }

    postMessage(data) {
      const inner = this.frame.contentWindow;
      this.ready.then(() => inner.dispatchEvent(new inner.MessageEvent("message", { data })));
    }

    terminate() {
      this.frame.remove();
    }
  }
  window.IFrameWorker = IFrameWorker;
  window.Worker = IFrameWorker;
}
