using Kopis.Base;
using Kopis.Config;
using Kopis.Config.Catalog;
using Kopis.Config.Maps;
using Kopis.Mail.Authentication.Srs;

namespace Kopis.Users.Recipients;

/// <summary>Decides whether an SRS address was made on this host and has not expired. May be used
/// from many threads.</summary>
/// <param name="control">The control files; the secrets are beside them.</param>
/// <param name="time">The clock.</param>
public sealed class SrsJudge(ControlDirectory control, TimeProvider time)
{
    private readonly Reloading<State> _state =
        new(SrsSettings.Watched(control), () => State.Read(control), time);

    /// <summary>Decides about an address.</summary>
    /// <returns>Null if it is not an SRS address, or is of another domain. Later if the secrets
    /// cannot be used.</returns>
    /// <exception cref="ConfigurationException">A control file cannot be parsed.</exception>
    public LookupVerdict? Judge(byte[] local, byte[] domain) =>
        !SrsTag.IsSrs(local) || !_state.Current().IsOf(domain) ? null
        : Find(local, domain, out _) switch
        {
            SrsVerdict.Good => LookupVerdict.Yes,
            null => LookupVerdict.Later,
            _ => LookupVerdict.No,
        };

    /// <summary>Finds the sender that an SRS address was made from.</summary>
    /// <param name="local">Its local part.</param>
    /// <param name="domain">Its domain.</param>
    /// <param name="sender">The sender; empty unless the address is valid.</param>
    /// <returns>Null if the secrets cannot be used.</returns>
    public SrsVerdict? Find(byte[] local, byte[] domain, out byte[] sender)
    {
        sender = [];
        State state = _state.Current();
        return !state.IsOf(domain) ? SrsVerdict.NotSrs
            : state.Rewriting?.Resolve(local, time.GetUtcNow(), out sender);
    }

    private sealed record State(byte[] Domain, SenderRewriting? Rewriting)
    {
        internal static State Read(ControlDirectory control)
        {
            if (SrsSettings.Read(control) is not { } settings)
            {
                return new State([], null);
            }

            if (settings.Secrets.Count > 0)
            {
                return new State(
                    settings.Domain,
                    new SenderRewriting(
                        settings.Secrets, settings.Domain, SenderRewriting.HashLengthOfHost,
                        settings.DaysMax));
            }

            control.Warn(SrsFiles.Domain, settings.Fault);
            return new State(settings.Domain, null);
        }

        internal bool IsOf(ReadOnlySpan<byte> domain) =>
            Domain.Length > 0 && Ascii8.EqualsIgnoreCase(domain, Domain);
    }
}
