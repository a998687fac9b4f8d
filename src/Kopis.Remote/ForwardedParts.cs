using System.Buffers;
using Kopis.Mail.Authentication;
using Kopis.Queue.Store.Messages;

namespace Kopis.Remote;

/// <summary>Reads the header of a message to see whether it is forwarded.</summary>
/// <param name="origin">Where the message came from.</param>
internal sealed class ForwardedParts(MessageOrigin origin) : IMessageParts
{
    private const int PieceBytes = 8 * 1024; // Most headers fit.

    private bool? _isForwarded;

    /// <summary>Whether a message is forwarded. If its header cannot be parsed, it counts as
    /// forwarded.</summary>
    /// <exception cref="IOException">The message cannot be read.</exception>
    internal static bool Find(MessageOrigin origin, IRemoteMessage message)
    {
        if (origin is MessageOrigin.Network or MessageOrigin.Bounce)
        {
            return false;
        }

        ForwardedParts parts = new(origin);
        using MessageReader reader = new(parts);
        byte[] block = ArrayPool<byte>.Shared.Rent(PieceBytes);
        try
        {
            int got;
            for (long at = 0;
                parts._isForwarded is null && (got = message.Read(at, block)) > 0; at += got)
            {
                reader.Read(block.AsSpan(0, got));
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(block);
        }

        if (parts._isForwarded is null)
        {
            reader.End();
        }

        return parts._isForwarded ?? true;
    }

    /// <inheritdoc/>
    public void OnHeader(MessageHeader header) => _isForwarded =
        header.IsTooLarge || header.IsBroken || SigningRule.IsForwarded(origin, header);

    /// <inheritdoc/>
    public void OnBodyText(ReadOnlySpan<byte> text)
    {
    }

    /// <inheritdoc/>
    public void OnBodyLineEnd()
    {
    }
}
