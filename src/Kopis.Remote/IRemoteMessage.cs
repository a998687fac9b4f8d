namespace Kopis.Remote;

/// <summary>A message to send, read by place.</summary>
internal interface IRemoteMessage
{
    long Length { get; }

    /// <summary>Reads from a place; fewer only at the end.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    int Read(long offset, Span<byte> to);
}
