using System.Text;
using Kopis.Base;
using Kopis.Config;
using Kopis.Config.Catalog;
using Kopis.Posix;

namespace Kopis.Tools.Queue;

/// <summary>Mail from the host's own tools to its administrator, sent by qmail-inject.</summary>
public static class OwnMail
{
    private const int AddressMax = 320; // RFC 5321 §4.5.3.1: 64 + "@" + 255.

    /// <summary>Whether an address can be put into a header field unchanged.</summary>
    public static bool IsAddress(string address) =>
        address.Length is > 0 and <= AddressMax && address[0] != '-'
        && address.All(c => c is > ' ' and <= '~' and not ('<' or '>' or '(' or ')' or ','
            or ';' or ':' or '"' or '\\'));

    /// <summary>Queues a message. It has an empty sender, and says that no person wrote it, so that
    /// nothing answers it (RFC 3834 §5).</summary>
    /// <param name="context">The context, with the home.</param>
    /// <param name="to">An address that passes the check above.</param>
    /// <param name="about">The subject; the host's name is put before it.</param>
    /// <param name="text">The text: printable ASCII and line ends.</param>
    /// <exception cref="ConfigurationException">It could not be queued.</exception>
    public static void Send(ProgramContext context, string to, string about, string text)
    {
        byte[] me = ControlDirectory.Of(context).ReadLine(HostFiles.Me) ?? [];
        string name = LogText.Safe(me);
        string message = $"From: kopis@{name}\nTo: {to}\nSubject: {name}: {about}\n"
            + $"Auto-Submitted: auto-generated\nPrecedence: bulk\n\n{text}";
        (int code, string said) = OwnCommand.RunWith(
            context, "qmail-inject", Encoding.ASCII.GetBytes(message), "-f", "", "--", to);
        if (code != ExitCode.Success)
        {
            throw new ConfigurationException($"the mail to {to} is not queued: {said.TrimEnd()}");
        }
    }
}
