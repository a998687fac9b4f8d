namespace Kopis.Send.Scheduling;

/// <summary>A submitter's messages that wait on the disk, in the order of their numbers, which is
/// that in which they came.</summary>
/// <param name="submitter">As <see cref="QueuedMessage.Submitter"/>.</param>
internal sealed class WaitingRow(ulong submitter)
{
    private const int SpareMax = 64; // Places of messages that wait no more; or half of all.
    private const ulong GoneFlag = 1UL << 63; // Numbers of messages are smaller.
    private const ulong HeldFlag = 1UL << 62;
    private const ulong NumberMask = HeldFlag - 1;

    private readonly List<ulong> _numbers = [];
    private int _first;

    internal ulong Submitter { get; } = submitter;

    /// <summary>How many wait.</summary>
    internal int Count { get; private set; }

    /// <summary>What his messages in memory hold: who has least has the first turn.</summary>
    internal long Held { get; set; }

    /// <summary>Among those who hold as much; no two are the same.</summary>
    internal long Turn { get; set; }

    /// <summary>The oldest; there must be one.</summary>
    internal ulong Oldest => _numbers[_first] & NumberMask;

    /// <summary>All.</summary>
    internal IEnumerable<ulong> Numbers =>
        Places.Select(place => place & NumberMask);

    private IEnumerable<ulong> Places =>
        _numbers.Skip(_first).Where(place => (place & GoneFlag) == 0);

    /// <summary>Copies numbers in their order, and looks at no more places than there is room for.
    /// </summary>
    /// <param name="next">The first number; then the one to go on with; null: there are no more.
    /// </param>
    /// <param name="isHeld">Only those of whose recipients some are held.</param>
    /// <param name="to">Where to.</param>
    /// <param name="copied">How many were copied.</param>
    /// <returns>How many places were looked at.</returns>
    internal int Copy(ref ulong? next, bool isHeld, Span<ulong> to, out int copied)
    {
        int first = Find(next ?? 0);
        first = first < 0 ? ~first : first;
        int end = Math.Min(first + to.Length, _numbers.Count);
        copied = 0;
        for (int at = first; at < end; at++)
        {
            ulong place = _numbers[at];
            if ((place & GoneFlag) == 0 && (!isHeld || (place & HeldFlag) != 0))
            {
                to[copied++] = place & NumberMask;
            }
        }

        next = end < _numbers.Count ? _numbers[end] & NumberMask : null;
        return end - first;
    }

    /// <summary>Adds one.</summary>
    internal void Add(ulong number)
    {
        int at = Find(number);
        _numbers.Insert(~at, number); // At the end, as they come.
        Count++;
    }

    internal bool Contains(ulong number) => Find(number) >= 0;

    /// <summary>Whether some of its recipients are held.</summary>
    internal bool IsHeld(ulong number) => (_numbers[Find(number)] & HeldFlag) != 0;

    internal void SetHeld(ulong number, bool isHeld) =>
        _numbers[Find(number)] = number | (isHeld ? HeldFlag : 0);

    /// <summary>Takes one out, in its turn or not.</summary>
    internal void Remove(ulong number)
    {
        _numbers[Find(number)] |= GoneFlag;
        Count--;
        while (_first < _numbers.Count && (_numbers[_first] & GoneFlag) != 0)
        {
            _first++;
        }

        if (_numbers.Count - Count > Math.Max(SpareMax, Count))
        {
            _numbers.RemoveRange(0, _first);
            _numbers.RemoveAll(place => (place & GoneFlag) != 0);
            _first = 0;
        }
    }

    /// <summary>Where it is; less than 0, where it is not.</summary>
    private int Find(ulong number)
    {
        int low = _first;
        int high = _numbers.Count - 1;
        while (low <= high)
        {
            int middle = low + ((high - low) / 2);
            ulong found = _numbers[middle] & NumberMask;
            if (found == number)
            {
                return (_numbers[middle] & GoneFlag) == 0 ? middle : ~middle;
            }

            (low, high) = found < number ? (middle + 1, high) : (low, middle - 1);
        }

        return ~low;
    }
}
