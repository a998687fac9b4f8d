using System.Text;
using Kopis.Base;
using Kopis.Config;
using Kopis.Config.Catalog;
using Kopis.Net.Tls;
using Kopis.Posix;

namespace Kopis.Host.Certificates;

/// <summary><c>kopis certificate</c>: a certificate to begin with (kopis-certificate(1)).</summary>
public static class CertificateProgram
{
    private const string Usage = """
        usage: kopis certificate

        Makes control/servercert.pem, a key and a self-signed certificate for control/me, if there
        is none. The home is KOPIS_HOME, or else that of the program's own bin directory.

        """;

    /// <summary>Makes it, and says so.</summary>
    public static int Run(ProgramContext context)
    {
        if (context.Arguments.Count > 0)
        {
            Fd.WriteAll(2, Encoding.UTF8.GetBytes(Usage));
            return ExitCode.Permanent;
        }

        ControlDirectory control = ControlDirectory.Of(context);
        if (control.ReadLine(HostFiles.Me) is not { Length: > 0 } me)
        {
            throw control.Bad(HostFiles.Me, "must hold this host's name");
        }

        bool made = SelfSignedCertificate.MakeMissing(
            control, ByteText.ToText(me), TimeProvider.System.GetUtcNow());
        string path = control.PathOf(ListenerFiles.ServerCert);
        Fd.WriteAll(1, Encoding.UTF8.GetBytes(made
            ? $"made {path}; it is self-signed\n"
            : $"{path} exists\n"));
        return ExitCode.Success;
    }
}
