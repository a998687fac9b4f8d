namespace Kopis.Remote;

/// <summary>The right to one connection to a destination. It is returned when the connection is
/// closed.</summary>
/// <param name="destination">Its name.</param>
/// <param name="release">Returns it.</param>
internal sealed class LinkPlace(string destination, Action<string> release) : IDisposable
{
    private int _isReleased;

    internal string Destination { get; } = destination;

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isReleased, 1) == 0)
        {
            release(Destination);
        }
    }
}
