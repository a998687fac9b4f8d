using System.Net.Sockets;
using Kopis.Base;
using Kopis.Config;
using Kopis.Config.Catalog;
using Kopis.Host.Certificates.Challenges;
using Kopis.Host.Certificates.Protocol;
using Kopis.Posix;

namespace Kopis.Host.Certificates;

/// <summary>Keeps the host's certificate valid: it checks when a new one is due, and gets it. A
/// failure changes nothing.</summary>
/// <param name="control">The control files.</param>
/// <param name="folder">The directory with the account's key: <c>tls</c> in the home.</param>
/// <param name="time">The clock.</param>
/// <param name="log">Receives a sentence for each thing done or not done.</param>
/// <param name="bound">The port for challenges, if root has bound it.</param>
internal sealed class CertificateKeeper(
    ControlDirectory control, string folder, TimeProvider time, Action<string> log,
    Socket? bound = null)
{
    private const int OwnerOnly = 0x1C0; // 0700
    private static readonly TimeSpan LookAgain = TimeSpan.FromHours(1);

    private readonly double _chance = Random.Shared.NextDouble();
    private DateTimeOffset _notBefore = DateTimeOffset.MinValue; // After a failure.
    private int _failures;

    /// <summary>Checks and renews until it is stopped. The control files are reread each time.
    /// </summary>
    internal async Task KeepAsync(CancellationToken stop)
    {
        while (true)
        {
            TimeSpan wait = await LookAsync(stop);

            // The clock may be set and files may change, so no sleep is long.
            await Task.Delay(wait < LookAgain ? wait : LookAgain, time, stop);
        }
    }

    /// <summary>Gets a certificate if one is due.</summary>
    /// <param name="settings">The present settings.</param>
    /// <param name="evenIfGood">Whether to get one in any case.</param>
    /// <param name="stop">Cancels the order.</param>
    /// <exception cref="ConfigurationException">No certificate was issued.</exception>
    internal async Task GetAsync(AcmeSettings settings, bool evenIfGood, CancellationToken stop)
    {
        using HostCertificate certificate = new(control);
        DateTimeOffset due = certificate.Due(settings.Names, _chance);
        if (!evenIfGood && due > time.GetUtcNow())
        {
            log($"{Tell(settings, certificate)}; the next is asked for {due:u}");
            return;
        }

        await ObtainAsync(settings, certificate, stop);
        log($"new certificate {Tell(settings, certificate)}");
    }

    /// <summary>How long to wait before the next check.</summary>
    private async Task<TimeSpan> LookAsync(CancellationToken stop)
    {
        TimeSpan? asked = null;
        string reason = "the new one is due at once";
        try
        {
            AcmeSettings settings = AcmeSettings.Read(control)
                ?? throw control.Bad(ListenerFiles.Acme, "is gone");
            using HostCertificate certificate = new(control);
            if (Left(certificate, settings) is { } left)
            {
                return left;
            }

            await ObtainAsync(settings, certificate, stop);
            log($"new certificate {Tell(settings, certificate)}");
            if (Left(certificate, settings) is { } next)
            {
                _failures = 0;
                return next;
            }
        }
        catch (ConfigurationException e)
        {
            reason = e.Message;
            asked = (e as AcmeException)?.RetryAfter;
        }

        TimeSpan wait =
            RenewalSchedule.Wait(++_failures, asked, Random.Shared.NextDouble());
        log($"warning: no new certificate: {reason}; "
            + $"trying again in {wait.TotalSeconds:0} seconds");
        _notBefore = time.GetUtcNow() + wait;
        return wait;
    }

    /// <summary>Null if a certificate is due and may be ordered.</summary>
    private TimeSpan? Left(HostCertificate certificate, AcmeSettings settings)
    {
        DateTimeOffset due = certificate.Due(settings.Names, _chance);
        due = due > _notBefore ? due : _notBefore;
        TimeSpan left = due - time.GetUtcNow();
        return left > TimeSpan.Zero ? left : null;
    }

    /// <summary>Orders and installs a certificate. First come the steps that could make a
    /// certificate useless if they failed later: the port, the lock, and the new file. Then come
    /// the account, the order, and the replacement of the old certificate.</summary>
    private async Task ObtainAsync(
        AcmeSettings settings, HostCertificate certificate, CancellationToken stop)
    {
        using IChallengeResponder responder = Responder(settings);
        MakeFolder();
        using LockFile _ = new(Path.Combine(folder, "lock"));
        certificate.Prepare();
        using AccountKey key = AccountKey.Load(Path.Combine(folder, "account.pem"));
        using HttpsTransport transport = new(control, time);
        AcmeSession session = new(transport, key);
        await session.SignInAsync(settings, stop);
        using NewCertificate made = new(settings.Names);
        CertificateOrder order = new(session, key, responder, time);
        string chain = await order.RunAsync(settings.Names, made.Request(), stop);
        certificate.Replace(made.Accept(chain, time.GetUtcNow()));
    }

    private IChallengeResponder Responder(AcmeSettings settings)
    {
        if (settings.WebRoot is { } root)
        {
            return new WebRootResponder(root);
        }

        ChallengeListener listener = settings.Challenge == ChallengeKind.Http
            ? new HttpResponder(settings.Listen, bound)
            : new AlpnResponder(settings.Listen, bound, time);
        listener.Start();
        return listener;
    }

    private void MakeFolder()
    {
        try
        {
            Paths.TryMakeDirectory(folder, OwnerOnly);
        }
        catch (PosixException e)
        {
            throw new ConfigurationException(e.Message, e);
        }
    }

    private static string Tell(AcmeSettings settings, HostCertificate certificate) =>
        $"for {string.Join(", ", settings.Names)} is good until {certificate.Until:u}";
}
