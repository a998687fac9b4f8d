using Kopis.Queue.Commands;
using Kopis.Send.Scheduling;

namespace Kopis.Send.Commands;

/// <summary>The numbers of the messages that a command may be about, in order. They are found and
/// sorted in parts, one for each step, and merged as they are read, so that no step takes long
/// however many there are. A message that stays in the queue meanwhile is returned exactly once.
/// </summary>
internal sealed class Candidates
{
    /// <summary>How many messages one step looks at.</summary>
    internal const int StepMessages = 4096;

    private readonly ListedState? _state;
    private readonly ulong _from;
    private readonly WaitingRow[] _rows;
    private readonly Func<QueuedMessage[]> _readMessages;
    private readonly List<(ulong[] Numbers, int Next)> _parts = [];
    private readonly PriorityQueue<int, ulong> _heads = new();
    private ulong[] _found = new ulong[StepMessages];
    private QueuedMessage[]? _messages;
    private int _row;
    private ulong _fromInRow;
    private int _message;

    /// <summary>Prepares the search; nothing is looked at yet.</summary>
    /// <param name="selection">What the command is about.</param>
    /// <param name="rows">The rows of messages that wait on the disk.</param>
    /// <param name="messages">Returns the messages in memory. Called once.</param>
    internal Candidates(
        QueueSelection selection, WaitingRow[] rows, Func<QueuedMessage[]> messages)
    {
        _state = selection.State;
        _from = selection.From ?? 0;
        _rows = _state == ListedState.Running ? [] : rows; // None of those is running.
        _readMessages = messages;
        if (selection.Numbers.Count > 0)
        {
            AddPart([.. selection.Numbers]);
            IsReady = true;
        }
    }

    private bool IsReady { get; set; } // All are found.

    /// <summary>Roughly how many there are: a message that is read into memory meanwhile counts
    /// twice.</summary>
    internal int Count { get; private set; }

    /// <summary>How many were returned already, or did not match.</summary>
    internal int Passed { get; private set; }

    /// <summary>Whether none is left.</summary>
    internal bool IsOver => IsReady && _heads.Count == 0;

    /// <summary>Finds some more, unless all are found.</summary>
    /// <returns>Whether all are found.</returns>
    internal bool Find()
    {
        if (IsReady)
        {
            return true;
        }

        // Messages on the disk come first: if one of them is read into memory meanwhile, the search
        // in memory finds it.
        int count = _row < _rows.Length ? FindOnDisk() : FindInMemory();
        AddPart(_found[..count]);
        IsReady = _row == _rows.Length && _messages is not null && _message == _messages.Length;
        if (IsReady)
        {
            (_messages, _found) = (null, []);
        }

        return IsReady;
    }

    /// <summary>Returns the next number; there must be one.</summary>
    internal ulong Next()
    {
        _heads.TryPeek(out _, out ulong number);
        while (_heads.TryPeek(out int part, out ulong head) && head == number)
        {
            (ulong[] numbers, int at) = _parts[part];
            Passed++;
            if (++at < numbers.Length)
            {
                _heads.DequeueEnqueue(part, numbers[at]);
                _parts[part] = (numbers, at);
            }
            else
            {
                _heads.Dequeue();
                _parts[part] = ([], 0);
            }
        }

        return number;
    }

    private int FindOnDisk()
    {
        int count = 0;
        int left = StepMessages;
        while (left > 0 && _row < _rows.Length)
        {
            ulong? next = _fromInRow;
            left -= 1 + _rows[_row].Copy(
                ref next, _state == ListedState.Held, _found.AsSpan(count, left),
                out int copied);
            count += copied;
            _fromInRow = next ?? 0;
            _row += next is null ? 1 : 0;
        }

        return count;
    }

    private int FindInMemory()
    {
        int count = 0;
        _messages ??= _readMessages();
        int end = Math.Min(_messages.Length, _message + StepMessages);
        for (; _message < end; _message++)
        {
            QueuedMessage message = _messages[_message];
            bool isMeant = _state switch
            {
                ListedState.Held => message.Held is not null,
                ListedState.Running => message.Orders > 0,
                _ => true,
            };
            if (isMeant)
            {
                _found[count++] = message.Number;
            }
        }

        return count;
    }

    private void AddPart(ulong[] numbers)
    {
        Array.Sort(numbers);
        int at = Array.BinarySearch(numbers, _from);
        at = at < 0 ? ~at : at;
        Count += numbers.Length;
        Passed += at;
        if (at < numbers.Length)
        {
            _heads.Enqueue(_parts.Count, numbers[at]);
            _parts.Add((numbers, at));
        }
    }
}
