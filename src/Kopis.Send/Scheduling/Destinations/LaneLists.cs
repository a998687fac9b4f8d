namespace Kopis.Send.Scheduling.Destinations;

/// <summary>Lanes in two rows, of single mail and of lists. Single mail comes first; each fourth
/// turn is a list's.</summary>
internal sealed class LaneLists
{
    /// <summary>One turn of so many is a list's, where both wait.</summary>
    internal const int ListTurn = 4;

    private LaneList _single;
    private LaneList _lists;
    private int _turn;

    internal bool IsEmpty => _single.IsEmpty && _lists.IsEmpty;

    internal void Enqueue(Lane lane) => (lane.IsList ? ref _lists : ref _single).Enqueue(lane);

    internal void ForEach(Action<Lane> action)
    {
        _single.ForEach(action);
        _lists.ForEach(action);
    }

    internal Lane Dequeue()
    {
        bool listFirst = ++_turn % ListTurn == 0;
        bool isList = _single.IsEmpty || (listFirst && !_lists.IsEmpty);
        return (isList ? ref _lists : ref _single).Dequeue();
    }
}
