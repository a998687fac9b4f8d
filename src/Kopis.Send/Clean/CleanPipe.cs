using System.Text;
using Kopis.Posix;

namespace Kopis.Send.Clean;

/// <summary>Sends requests to qmail-clean, a few at a time and in order (docs/ARCHITECTURE.md).
/// </summary>
internal sealed class CleanPipe(int requests, int replies) : ICleaner
{
    private const int InFlightMax = 32; // A pipe holds this many requests without blocking.

    private readonly Queue<string> _waiting = new();
    private readonly Queue<string> _asked = new();

    internal bool IsAlive { get; private set; } = true;

    internal int RepliesFd => replies;

    internal bool IsIdle => _waiting.Count + _asked.Count == 0;

    public void Ask(string request) => _waiting.Enqueue(request);

    internal void Flush()
    {
        while (IsAlive && _asked.Count < InFlightMax && _waiting.TryDequeue(out string? request))
        {
            try
            {
                Fd.WriteAll(requests, Encoding.ASCII.GetBytes(request + "\0"));
                _asked.Enqueue(request);
            }
            catch (PosixException)
            {
                IsAlive = false;
            }
        }
    }

    /// <summary>Reads replies; returns the requests that failed.</summary>
    internal IReadOnlyList<string> Read()
    {
        Span<byte> block = stackalloc byte[InFlightMax];
        List<string> failed = [];
        int got = 0;
        try
        {
            got = Fd.Read(replies, block);
        }
        catch (PosixException)
        {
            IsAlive = false;
        }

        IsAlive &= got != 0;
        for (int i = 0; i < got && _asked.TryDequeue(out string? request); i++)
        {
            if (block[i] != (byte)'+')
            {
                failed.Add(request);
            }
        }

        return failed;
    }
}
