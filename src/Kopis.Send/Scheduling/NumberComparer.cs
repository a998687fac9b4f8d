namespace Kopis.Send.Scheduling;

/// <summary>Compares messages by their numbers, so that a set of messages can be searched by
/// number.</summary>
internal sealed class NumberComparer
    : IEqualityComparer<QueuedMessage>, IAlternateEqualityComparer<ulong, QueuedMessage>
{
    public bool Equals(QueuedMessage? x, QueuedMessage? y) => x?.Number == y?.Number;

    public bool Equals(ulong alternate, QueuedMessage other) => alternate == other.Number;

    public int GetHashCode(QueuedMessage obj) => obj.Number.GetHashCode();

    public int GetHashCode(ulong alternate) => alternate.GetHashCode();

    public QueuedMessage Create(ulong alternate) => throw new NotSupportedException();
}
