// Shows the newest state every two seconds, as long as the page is looked at.
const refresh = async () => {
  try {
    if (!document.hidden) {
      const answer = await fetch("/", { cache: "no-store", signal: AbortSignal.timeout(5000) });
      if (!answer.ok) throw new Error(answer.status);
      const text = await answer.text();
      const fresh = new DOMParser().parseFromString(text, "text/html").querySelector("main");
      document.querySelector("main").replaceWith(document.adoptNode(fresh));
    }
    document.body.classList.remove("stale");
  } catch {
    document.body.classList.add("stale");
  }
  setTimeout(refresh, 2000);
};
setTimeout(refresh, 2000);
