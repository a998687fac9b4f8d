using Kopis.Queue;

namespace Kopis.Remote;

/// <summary>A message of the queue.</summary>
internal sealed class QueuedRemoteMessage(MessageFile file) : IRemoteMessage
{
    public long Length => file.BodyBytes;

    public int Read(long offset, Span<byte> to) => file.ReadBody(offset, to);
}
