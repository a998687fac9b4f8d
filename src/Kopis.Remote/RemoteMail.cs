using System.Buffers;
using Kopis.Mail.Dsn;
using Kopis.Mail.SmtpClient;
using Kopis.Mail.Transport;

namespace Kopis.Remote;

/// <summary>A message on its way to recipients at one host.</summary>
/// <param name="Sender">The envelope sender.</param>
/// <param name="Recipients">Their addresses.</param>
/// <param name="Message">The message itself.</param>
internal sealed record RemoteMail(
    byte[] Sender, IReadOnlyList<byte[]> Recipients, IRemoteMessage Message)
{
    private MessageTraits? _traits;

    /// <summary>Whether a user or this host has submitted it.</summary>
    /// <exception cref="IOException">The message cannot be read.</exception>
    internal Func<bool> IsOwn { get; init; } = static () => true;

    /// <summary>The ESMTP parameters of MAIL.</summary>
    internal MessageParameters Parameters { get; init; }

    /// <summary>The relay that an administrator has chosen, <c>host:port</c>; null: the usual
    /// route.</summary>
    internal byte[]? Via { get; init; }

    /// <summary>The parameters of each recipient; fewer or none if there were none.</summary>
    internal IReadOnlyList<RecipientParameters> RecipientParameters { get; init; } = [];

    /// <summary>Properties of the message. The first call reads all of it.</summary>
    /// <exception cref="MessageUnreadableException">The message cannot be read.</exception>
    internal MessageTraits Traits => _traits ??= ReadTraits();

    /// <summary>Whether the header says <c>TLS-Required: No</c>, and REQUIRETLS does not override
    /// it (RFC 8689 §5).</summary>
    internal bool IsTlsOptional => !Parameters.RequireTls && HasTlsRequiredNo();

    /// <summary>The parameters of one recipient.</summary>
    internal RecipientParameters Of(int recipient) =>
        recipient < RecipientParameters.Count ? RecipientParameters[recipient] : default;

    /// <summary>The same message for a server that is reached without a network.</summary>
    internal RemoteMail WithoutRequireTls() =>
        this with { Parameters = Parameters with { RequireTls = false } };

    /// <summary>The same message for some of its recipients.</summary>
    /// <param name="recipients">Their places.</param>
    internal RemoteMail For(ReadOnlySpan<int> recipients)
    {
        if (recipients.Length == Recipients.Count)
        {
            return this; // Each place occurs once, in order.
        }

        byte[][] addresses = new byte[recipients.Length][];
        RecipientParameters[] parameters = new RecipientParameters[recipients.Length];
        for (int i = 0; i < addresses.Length; i++)
        {
            addresses[i] = Recipients[recipients[i]];
            parameters[i] = Of(recipients[i]);
        }

        return this with { Recipients = addresses, RecipientParameters = parameters };
    }

    private bool HasTlsRequiredNo()
    {
        byte[] start = ArrayPool<byte>.Shared.Rent(TlsRequiredField.BytesMax);
        try
        {
            int got = Message.Read(0, start.AsSpan(..TlsRequiredField.BytesMax));
            return TlsRequiredField.IsIn(start.AsSpan(..got));
        }
        catch (IOException)
        {
            return false; // The message cannot be sent at all: that is reported later.
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(start);
        }
    }

    private MessageTraits ReadTraits()
    {
        MessageTraits traits = new();
        byte[] block = ArrayPool<byte>.Shared.Rent(32 * 1024);
        try
        {
            int got;
            for (long done = 0; (got = Message.Read(done, block)) > 0; done += got)
            {
                traits.Read(block.AsSpan(0, got));
            }
        }
        catch (IOException e)
        {
            throw new MessageUnreadableException(e);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(block);
        }

        return traits;
    }
}
