using Kopis.Base;
using Kopis.Config;
using Kopis.Config.Catalog;
using Kopis.Posix;

namespace Kopis.Tools.Tables;

/// <summary>qmail-newmrh: compiles control/morercpthosts to morercpthosts.cdb (contract §11).
/// </summary>
public static class QmailNewmrh
{
    /// <summary>Runs the program.</summary>
    public static int Run(ProgramContext context)
    {
        ControlDirectory control = ControlDirectory.Of(context);
        IReadOnlyList<byte[]> hosts = control.ReadList(SmtpFiles.MoreRcptHosts)
            ?? throw control.Bad(SmtpFiles.MoreRcptHosts, "there is no such file");
        CdbWriter writer = new();
        foreach (byte[] host in hosts)
        {
            writer.Add(Ascii8.ToLower(host), []);
        }

        const int readableByAll = 0x1A4; // 0644
        string temporary = context.In("control/morercpthosts.tmp");
        CompiledFile.Finish(
            CompiledFile.Create(temporary, readableByAll),
            control.PathOf(SmtpFiles.MoreRcptHostsCdb), temporary, writer.ToArray());
        return ExitCode.Success;
    }
}
