using Kopis.Base;
using Kopis.Config;
using Kopis.Config.Catalog;
using Kopis.Config.Maps;
using Kopis.Mail.Authentication.Srs;
using Kopis.Queue.Store.Messages;

namespace Kopis.Remote;

/// <summary>Chooses the senders of outgoing mail (SRS). A foreign sender of a forwarded message is
/// replaced by an address at control/srsdomain. A bounce to such an address goes to the sender that
/// the address was made from (docs/decisions/srs.md). May be used from many threads.</summary>
/// <param name="control">The control files; the secrets are beside them.</param>
/// <param name="time">The clock.</param>
/// <param name="warn">Gets a line for the log.</param>
internal sealed class ForwardedSenders(
    ControlDirectory control, TimeProvider time, Action<string> warn)
{
    private const string Advice = "forwarded mail leaves with a foreign sender, which SPF may "
        + "refuse: control/srsdomain rewrites it, see kopis-srs(1)";

    private readonly Reloading<State> _state = new(
        [
            .. SrsSettings.Watched(control),
            .. control.Watched([.. AddressMap.Files, .. RcptHosts.Files]),
        ],
        () => State.Read(control), time);

    private bool _hasAdvised; // Two threads may both log it, which does no harm.

    /// <summary>Whether addresses of a domain may be our SRS addresses.</summary>
    /// <exception cref="ConfigurationException">The control files cannot be used.</exception>
    internal bool IsOwn(ReadOnlySpan<byte> domain)
    {
        byte[] own = _state.Current().Domain;
        return own.Length > 0 && Ascii8.EqualsIgnoreCase(domain, own);
    }

    /// <summary>Finds where a bounce to an SRS address goes.</summary>
    /// <param name="recipient">An address at our SRS domain.</param>
    /// <param name="sender">The sender that the address was made from; empty unless the address is
    /// valid.</param>
    /// <exception cref="ConfigurationException">The secrets cannot be used.</exception>
    internal SrsVerdict Resolve(ReadOnlySpan<byte> recipient, out byte[] sender)
    {
        sender = [];
        Address parts = new(recipient);
        return SrsTag.IsSrs(parts)
            ? _state.Current().Required().Resolve(parts.Local, time.GetUtcNow(), out sender)
            : SrsVerdict.NotSrs;
    }

    /// <summary>The sender to use when the message leaves.</summary>
    /// <param name="sender">The sender in its envelope.</param>
    /// <param name="origin">Where the message came from.</param>
    /// <param name="message">The message.</param>
    /// <param name="goesBack">Whether it goes to the sender of a forwarded message, so that it is
    /// itself forwarded.</param>
    /// <exception cref="ConfigurationException">The sender must be rewritten, and the secrets
    /// cannot be used.</exception>
    /// <exception cref="IOException">The message cannot be read.</exception>
    internal byte[] SenderOf(
        byte[] sender, MessageOrigin origin, IRemoteMessage message, bool goesBack)
    {
        State state = _state.Current();
        if ((_hasAdvised && state.Domain.Length == 0) || !state.IsForeign(sender)
            || (!goesBack && !ForwardedParts.Find(origin, message)))
        {
            return sender;
        }

        if (state.Domain.Length == 0)
        {
            _hasAdvised = true;
            warn(Advice);
            return sender;
        }

        // A sender that is not a valid address, or is too long, is not changed.
        return state.Required().Rewrite(sender, time.GetUtcNow()) ?? sender;
    }

    /// <summary>The settings in the control files.</summary>
    /// <param name="Domain">The domain in lower case; empty: senders are not rewritten.</param>
    /// <param name="Rewriting">Makes SRS addresses; null: the secrets cannot be used.</param>
    /// <param name="Fault">Why they cannot be used.</param>
    /// <param name="Own">The senders of this host; null: not known.</param>
    private sealed record State(
        byte[] Domain, SenderRewriting? Rewriting, string Fault, OwnSenders? Own)
    {
        internal static State Read(ControlDirectory control)
        {
            if (SrsSettings.Read(control) is not { } settings)
            {
                return new State([], null, "", OwnSenders.TryRead(control));
            }

            OwnSenders own = OwnSenders.Read(control);
            if (settings.Secrets.Count == 0)
            {
                control.Warn(SrsFiles.Domain, settings.Fault);
                return new State(settings.Domain, null, settings.Fault, own);
            }

            SenderRewriting rewriting = new(
                settings.Secrets, settings.Domain, SenderRewriting.HashLengthOfHost,
                settings.DaysMax);
            return new State(settings.Domain, rewriting, "", own);
        }

        internal SenderRewriting Required() =>
            Rewriting ?? throw new ConfigurationException(Fault);

        internal bool IsForeign(ReadOnlySpan<byte> sender)
        {
            Address parts = new(sender);
            return parts.IsComplete && !parts.Domain.SequenceEqual("[]"u8) && Own is not null
                && !Ascii8.EqualsIgnoreCase(parts.Domain, Domain)
                && !Own.Contains(sender);
        }
    }
}
