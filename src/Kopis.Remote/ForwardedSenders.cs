using Kopis.Base;
using Kopis.Config;
using Kopis.Config.Catalog;
using Kopis.Config.Maps;
using Kopis.Mail.Authentication.Srs;
using Kopis.Queue.Store.Messages;

namespace Kopis.Remote;

/// <summary>
/// The senders of mail that leaves (SRS): a foreign one of a forwarded message becomes an address
/// of control/srsdomain, and a bounce to such an address goes to the sender that it was made of
/// (docs/decisions/srs.md). May be used from many threads.
/// </summary>
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

    private bool _hasAdvised; // Two threads may do it at the same time: two lines are no harm.

    /// <summary>Whether addresses of a domain may be ours by SRS.</summary>
    /// <exception cref="ConfigurationException">The control files cannot be used.</exception>
    internal bool IsOwn(ReadOnlySpan<byte> domain)
    {
        byte[] own = _state.Current().Domain;
        return own.Length > 0 && Ascii8.EqualsIgnoreCase(domain, own);
    }

    /// <summary>Finds where a bounce goes.</summary>
    /// <param name="recipient">Of our domain.</param>
    /// <param name="sender">The sender that it was made of; empty unless it is good.</param>
    /// <exception cref="ConfigurationException">The secrets cannot be used.</exception>
    internal SrsVerdict Resolve(ReadOnlySpan<byte> recipient, out byte[] sender)
    {
        sender = [];
        ReadOnlySpan<byte> local = recipient[..recipient.LastIndexOf((byte)'@')];
        return SrsTag.IsSrs(local)
            ? _state.Current().Required().Resolve(local, time.GetUtcNow(), out sender)
            : SrsVerdict.NotSrs;
    }

    /// <summary>The sender that a message leaves with.</summary>
    /// <param name="sender">The one in its envelope.</param>
    /// <param name="origin">Where the message came from.</param>
    /// <param name="message">The message.</param>
    /// <param name="goesBack">Whether it goes to the sender of a forwarded message: then it is
    /// forwarded itself.</param>
    /// <exception cref="ConfigurationException">It must be rewritten, and the secrets cannot be
    /// used.</exception>
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

        // A sender that is not a valid address, or too long, stays as it is.
        return state.Required().Rewrite(sender, time.GetUtcNow()) ?? sender;
    }

    /// <summary>What the control files say.</summary>
    /// <param name="Domain">In lower case; empty where senders are not rewritten.</param>
    /// <param name="Rewriting">Null: the secrets cannot be used.</param>
    /// <param name="Fault">Why not.</param>
    /// <param name="Own">Null: not known.</param>
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
            int at = sender.LastIndexOf((byte)'@');
            return at > 0 && !sender.EndsWith("@[]"u8) && Own is not null
                && !Ascii8.EqualsIgnoreCase(sender[(at + 1)..], Domain)
                && !Own.Contains(sender);
        }
    }
}
