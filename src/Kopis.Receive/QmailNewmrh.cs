using Kopis.Base;
using Kopis.Control;

namespace Kopis.Receive;

/// <summary>qmail-newmrh: control/morercpthosts to morercpthosts.cdb (contract §11).</summary>
public static class QmailNewmrh
{
    /// <summary>The program.</summary>
    public static int Run(ProgramContext context)
    {
        ControlDirectory control = ControlDirectory.Of(context);
        IReadOnlyList<byte[]> hosts = control.ReadList("morercpthosts")
            ?? throw control.Bad("morercpthosts", "there is no such file");
        CdbWriter writer = new();
        foreach (byte[] host in hosts)
        {
            writer.Add(Ascii8.ToLower(host), []);
        }

        TcpRulesProgram.Replace(
            context.In("control/morercpthosts.cdb"), context.In("control/morercpthosts.tmp"),
            writer.ToArray());
        return ExitCode.Success;
    }
}
