using System.Text;
using Kopis.Base;
using Kopis.Config;
using Kopis.Config.Catalog;
using Kopis.Host.Install;
using Kopis.Net.Tls;
using Kopis.Posix;

namespace Kopis.Host.Certificates;

/// <summary><c>kopis certificate</c>: makes a first certificate, or imports one that was bought
/// (kopis-certificate(1)).</summary>
public static class CertificateProgram
{
    private const string Usage = """
        usage: kopis certificate
               kopis certificate import KEY CHAIN

        Makes control/servercert.pem, a key and a self-signed certificate for control/me, if there
        is none. Or replaces it by a key and a chain of certificates, PEM files, if the key matches
        and the chain is good for control/me now. The home is KOPIS_HOME, or else that of the
        program's own bin directory.

        """;

    private const int FileBytesMax = 1024 * 1024;

    /// <summary>Runs the program, and prints the result.</summary>
    public static int Run(ProgramContext context)
    {
        string[] words = [.. context.Arguments.Select(word => RawText.Of(word))];
        switch (words)
        {
            case []:
                return Make(ControlDirectory.Of(context));
            case ["import", string key, string chain]:
                return Import(context, key, chain);
            case ["--help" or "-h"]:
                Fd.WriteAll(1, Encoding.UTF8.GetBytes(Usage));
                return ExitCode.Success;
            default:
                Fd.WriteAll(2, Encoding.UTF8.GetBytes(Usage));
                return ExitCode.Permanent;
        }
    }

    private static string HostName(ControlDirectory control) =>
        control.ReadLine(HostFiles.Me) is { Length: > 0 } me
            ? ByteText.ToText(me)
            : throw control.Bad(HostFiles.Me, "must hold this host's name");

    private static int Import(ProgramContext context, string key, string chain)
    {
        OwnerWork.GoOnAsOwnerOf(context.In("control"), context);
        ControlDirectory control = ControlDirectory.Of(context);
        if (File.Exists(context.In("control/acme")))
        {
            throw new ConfigurationException(
                "kopis acme would replace it: remove control/acme first", ExitCode.Permanent);
        }

        string pem = ImportedCertificate.Join(
            Read(key), Read(chain), HostName(control), TimeProvider.System.GetUtcNow());
        string place;
        if (Processes.EffectiveUid == 0)
        {
            place = new AcmeLink(context.Home).Replace(ByteText.ToBytes(pem));
        }
        else
        {
            place = $"{ListenerFiles.ServerCert}";
            using HostCertificate file = new(control);
            file.Prepare();
            file.Replace(pem);
        }

        Fd.WriteAll(1, RawText.ToBytes($"imported into {context.In(place)}\n"));
        return ExitCode.Success;
    }

    private static byte[] Read(string path) =>
        BoundedFile.TryRead(path, FileBytesMax, out int errno)
            ?? throw new ConfigurationException(
                new PosixException($"read {path}", errno).Message, ExitCode.Permanent);

    private static int Make(ControlDirectory control)
    {
        bool made = SelfSignedCertificate.MakeMissing(
            control, HostName(control), TimeProvider.System.GetUtcNow());
        string path = control.PathOf(ListenerFiles.ServerCert);
        Fd.WriteAll(1, Encoding.UTF8.GetBytes(made
            ? $"made {path}; it is self-signed\n"
            : $"{path} exists\n"));
        return ExitCode.Success;
    }
}
