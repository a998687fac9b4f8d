namespace Kopis.Remote;

/// <summary>A message to send, read by position.</summary>
internal interface IRemoteMessage
{
    long Length { get; }

    /// <summary>Reads from a position; returns fewer bytes only at the end.</summary>
    /// <exception cref="IOException">The message cannot be read.</exception>
    int Read(long offset, Span<byte> to);
}
