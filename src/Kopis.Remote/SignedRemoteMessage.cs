namespace Kopis.Remote;

/// <summary>A message with fields before it.</summary>
/// <param name="fields">The fields, in lines that end in LF.</param>
/// <param name="message">The message.</param>
internal sealed class SignedRemoteMessage(byte[] fields, IRemoteMessage message) : IRemoteMessage
{
    public long Length => fields.Length + message.Length;

    public int Read(long offset, Span<byte> to)
    {
        int ahead = 0;
        if (offset < fields.Length)
        {
            ahead = Math.Min(to.Length, fields.Length - (int)offset);
            fields.AsSpan((int)offset, ahead).CopyTo(to);
        }

        return ahead == to.Length
            ? ahead
            : ahead + message.Read(offset + ahead - fields.Length, to[ahead..]);
    }
}
