using System.Net;
using Kopis.Base;

namespace Kopis.Users.Lookup;

/// <summary>The dashboard's client of qmail-lookup: asks whether a mail user's password is right,
/// and whether the login is still valid. May be used from many threads.</summary>
/// <param name="home">The qmail home.</param>
/// <param name="time">The clock.</param>
public sealed class LoginClient(string home, TimeProvider time)
{
    private readonly LookupClient _lookup = new(home, time);

    /// <summary>Whether all of Kopis runs as one user here, the caller's.</summary>
    public bool IsOneUser => _lookup.HasScramForAll;

    /// <inheritdoc cref="LookupClient.EnterAsync"/>
    public Task<LoginAnswer> EnterAsync(
        IPAddress peer, byte[] name, byte[] secret, CancellationToken stop) =>
        _lookup.EnterAsync(peer, name, secret, stop);

    /// <inheritdoc cref="LookupClient.HoldsAsync"/>
    public Task<(LookupVerdict Verdict, byte[] Mark)> HoldsAsync(
        byte[] account, byte[] mark, CancellationToken stop) =>
        _lookup.HoldsAsync(account, mark, stop);

    /// <inheritdoc cref="LookupClient.RightAsync"/>
    public Task<(LookupVerdict Verdict, byte[] Right)> RightAsync(
        byte[] account, byte[] mark, CancellationToken stop) =>
        _lookup.RightAsync(account, mark, stop);
}
