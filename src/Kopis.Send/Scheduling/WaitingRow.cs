namespace Kopis.Send.Scheduling;

/// <summary>A submitter's messages that wait on the disk, by number, which is the order of arrival.
/// </summary>
/// <param name="submitter">As <see cref="QueuedMessage.Submitter"/>.</param>
internal sealed class WaitingRow(ulong submitter)
{
    private const int SpareMax = 64; // Entries of removed messages; or half of all.
    private const ulong GoneFlag = 1UL << 63; // Numbers of messages do not use this bit.
    private const ulong HeldFlag = 1UL << 62;
    private const ulong NumberMask = HeldFlag - 1;

    private readonly List<ulong> _numbers = [];
    private int _first;

    internal ulong Submitter { get; } = submitter;

    /// <summary>How many messages wait.</summary>
    internal int Count { get; private set; }

    /// <summary>The memory that the submitter's messages hold: the one with the least has the first
    /// turn.</summary>
    internal long Held { get; set; }

    /// <summary>The order among submitters that hold the same amount; no two have the same turn.
    /// </summary>
    internal long Turn { get; set; }

    /// <summary>The oldest message; the row must not be empty.</summary>
    internal ulong Oldest => _numbers[_first] & NumberMask;

    /// <summary>All messages of the row.</summary>
    internal IEnumerable<ulong> Numbers =>
        Places.Select(place => place & NumberMask);

    private IEnumerable<ulong> Places =>
        _numbers.Skip(_first).Where(place => (place & GoneFlag) == 0);

    /// <summary>Copies numbers in order. Looks at no more entries than there is room for.</summary>
    /// <param name="next">The number to begin at; on return the one to go on with, or null if there
    /// are no more.</param>
    /// <param name="isHeld">Whether to copy only messages with held recipients.</param>
    /// <param name="to">Gets the numbers.</param>
    /// <param name="copied">How many were copied.</param>
    /// <returns>How many entries were looked at.</returns>
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

    /// <summary>Adds a message.</summary>
    internal void Add(ulong number)
    {
        int at = Find(number);
        _numbers.Insert(~at, number); // Usually at the end.
        Count++;
    }

    internal bool Contains(ulong number) => Find(number) >= 0;

    /// <summary>Whether some recipients of the message are held.</summary>
    internal bool IsHeld(ulong number) => (_numbers[Find(number)] & HeldFlag) != 0;

    internal void SetHeld(ulong number, bool isHeld) =>
        _numbers[Find(number)] = number | (isHeld ? HeldFlag : 0);

    /// <summary>Removes a message, whether it is the oldest or not.</summary>
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

    /// <summary>The place of a number; if it is not there, the complement of where it belongs.
    /// </summary>
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
