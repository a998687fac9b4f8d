using Kopis.Queue.Store.Messages;

namespace Kopis.Remote;

/// <summary>A message of the queue.</summary>
internal sealed class QueuedRemoteMessage(QueuedBody body) : IRemoteMessage
{
    public long Length => body.Length;

    public int Read(long offset, Span<byte> to) => body.Read(offset, to);
}
