/* → a function that calls `draw(stillWanted)` soon. The newest wish only: those made meanwhile are dropped. */
function newestWish(draw, failed) {
  let busy = false, wishes = 0;
  return async () => {
    wishes++;
    if (busy) return;
    busy = true;
    for (let seen = -1; seen !== wishes;) {
      seen = wishes;
      try {
        await draw(() => seen === wishes);
      } catch (error) {
        failed(error);
      }
    }
    busy = false;
  };
}
