namespace Kopis.Remote;

/// <summary>The right to one connection to a destination; given back when that is closed.
/// </summary>
/// <param name="destination">Its name.</param>
/// <param name="release">Gives it back.</param>
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
