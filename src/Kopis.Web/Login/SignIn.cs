using System.Security.Cryptography;
using System.Text;
using Kopis.Base;
using Kopis.Users.Logins;

namespace Kopis.Web.Login;

/// <summary>Judges passwords: a bounded number in a window of time for each user of this host, from
/// whom connections come, and for each browser that has signed in before; one hash at a time.
/// </summary>
internal sealed class SignIn : IDisposable
{
    /// <summary>The longest password whose hash is made.</summary>
    internal const int PasswordBytesMax = 256;

    private const int WaitersMax = 4;

    private readonly Lane _strangers;
    private readonly Lane _known;

    internal SignIn(TimeProvider clock, LoginLimits limits) =>
        (_strangers, _known) = (new Lane(clock, limits), new Lane(clock, limits));

    /// <summary>Judges one.</summary>
    /// <param name="uid">Of the client.</param>
    /// <param name="browser">Its number, if it has signed in before.</param>
    /// <param name="password">What it says; it is overwritten.</param>
    /// <param name="hash">What is right.</param>
    /// <param name="stop">The browser is gone; it gives its turn up, if its hash has not begun.
    /// </param>
    /// <returns>Yes, No, or Later: too many were wrong, or are judged now.</returns>
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

    // The limiter counts networks too: each user is one of his own.
    private static PeerNetwork OfUser(uint uid) => new((ulong)uid << 32, IsIPv6: true);

    /// <summary>A form's password as bytes.</summary>
    internal static byte[] Bytes(string password) => Encoding.UTF8.GetBytes(
        password.Length <= PasswordBytesMax ? password : "");

    /// <summary>Those who are counted together. A hash costs a quarter of a second of one
    /// processor: strangers use no more than one, and none that known browsers wait for.</summary>
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
                        // Once it has begun it counts, whoever waits.
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
