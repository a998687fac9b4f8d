using System.Security.Cryptography;
using System.Text;
using Kopis.Base;
using Kopis.Users.Logins;

namespace Kopis.Web.Login;

/// <summary>Checks passwords, one hash at a time. In each window of time it accepts a limited
/// number of wrong ones, for each user of this host that opens connections and for each known
/// browser.</summary>
internal sealed class SignIn : IDisposable
{
    /// <summary>The longest password that is hashed.</summary>
    internal const int PasswordBytesMax = 256;

    private const int WaitersMax = 4;

    private readonly Lane _strangers;
    private readonly Lane _known;

    internal SignIn(TimeProvider clock, LoginLimits limits) =>
        (_strangers, _known) = (new Lane(clock, limits), new Lane(clock, limits));

    /// <summary>Checks a password.</summary>
    /// <param name="uid">The uid of the client.</param>
    /// <param name="browser">The browser's number, if it has signed in before.</param>
    /// <param name="password">The password that was typed; it is overwritten.</param>
    /// <param name="hash">The hash of the right password.</param>
    /// <param name="stop">The browser is gone; if the hash has not begun, its turn is given up.
    /// </param>
    /// <returns>Yes, No, or Later: too many passwords were wrong, or are being checked now.
    /// </returns>
    /// <exception cref="OperationCanceledException">The browser is gone.</exception>
    internal async Task<LookupVerdict> JudgeAsync(
        uint uid, ulong? browser, byte[] password, string hash, CancellationToken stop)
    {
        try
        {
            return browser is { } number
                ? await _known.JudgeAsync(
                    new PeerNetwork(number, IsIPv6: true), password, hash, stop)
                : await _strangers.JudgeAsync(OfUser(uid), password, hash, stop);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(password);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _strangers.Dispose();
        _known.Dispose();
    }

    // The limiter also counts networks; here each user has a network of its own.
    private static PeerNetwork OfUser(uint uid) => new((ulong)uid << 32, IsIPv6: true);

    /// <summary>A form's password as bytes.</summary>
    internal static byte[] Bytes(string password) => Encoding.UTF8.GetBytes(
        password.Length <= PasswordBytesMax ? password : "");

    /// <summary>Clients that are counted together. A hash takes a quarter of a second of one
    /// processor, so strangers may use no more than one, and none that known browsers wait for.
    /// </summary>
    private sealed class Lane(TimeProvider clock, LoginLimits limits) : IDisposable
    {
        private readonly LoginLimiter _limiter = new(clock, limits);
        private readonly SemaphoreSlim _hashing = new(1);
        private int _waiters;

        internal async Task<LookupVerdict> JudgeAsync(
            PeerNetwork peer, byte[] password, string hash, CancellationToken stop)
        {
            if (_limiter.Reserve(peer, account: []) != LoginLeave.Given)
            {
                return LookupVerdict.Later;
            }

            LookupVerdict verdict = LookupVerdict.Later;
            try
            {
                if (Interlocked.Increment(ref _waiters) <= WaitersMax)
                {
                    await _hashing.WaitAsync(stop);
                    try
                    {
                        // A check that has begun is counted, even if nobody waits for it.
                        verdict = await Task.Run(() => PasswordHash.Verify(hash, password), stop)
                            ? LookupVerdict.Yes : LookupVerdict.No;
                    }
                    finally
                    {
                        _hashing.Release();
                    }
                }
            }
            finally
            {
                Interlocked.Decrement(ref _waiters);
                _limiter.Settle(peer, account: [], verdict);
            }

            return verdict;
        }

        public void Dispose() => _hashing.Dispose();
    }
}
