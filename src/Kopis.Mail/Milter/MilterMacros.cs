using System.Buffers;
using Kopis.Base;

namespace Kopis.Mail.Milter;

/// <summary>The macros of one message, by name: <c>i</c>, <c>{client_addr}</c>. Those without a
/// value are not sent.</summary>
public sealed class MilterMacros
{
    private static readonly Dictionary<MilterStage, string[]> Usual = new()
    {
        [MilterStage.Connect] =
        [
            "j", "_", "v", "{daemon_name}", "{daemon_addr}", "{daemon_port}", "{client_addr}",
            "{client_name}", "{client_port}", "{client_ptr}",
        ],
        [MilterStage.Helo] = ["{tls_version}", "{cipher}"],
        [MilterStage.Sender] =
            ["i", "{auth_type}", "{auth_authen}", "{mail_addr}", "{mail_host}", "{mail_mailer}"],
        [MilterStage.Recipient] = ["i", "{rcpt_addr}", "{rcpt_host}", "{rcpt_mailer}"],
        [MilterStage.Data] = ["i"],
        [MilterStage.EndOfHeader] = ["i"],
        [MilterStage.EndOfMessage] = ["i"],
    };

    private readonly Dictionary<string, byte[]> _values = [];

    /// <summary>Sets a value; an empty one removes the macro.</summary>
    public void Set(string name, byte[]? value)
    {
        if (value is { Length: > 0 })
        {
            _values[name] = value;
        }
        else
        {
            _values.Remove(name);
        }
    }

    /// <summary>Writes the packet that goes before a stage's (SMFIC_MACRO).</summary>
    /// <param name="to">The output.</param>
    /// <param name="stage">The stage.</param>
    /// <param name="letter">The letter of the packet that follows.</param>
    /// <param name="agreement">The agreement, with the filter's own lists.</param>
    public void Write(
        IBufferWriter<byte> to, MilterStage stage, char letter, MilterAgreement agreement)
    {
        ArrayBufferWriter<byte> data = new(256);
        data.Write([(byte)letter]);
        string[] names =
            agreement.Macros.TryGetValue(stage, out string[]? wanted) ? wanted : Usual[stage];
        foreach (string name in names)
        {
            if (_values.TryGetValue(name, out byte[]? value)
                && data.WrittenCount + name.Length + value.Length + 2 <= MilterPacket.DataBytesMax)
            {
                MilterPacket.AddText(data, ByteText.ToBytes(name));
                MilterPacket.AddText(data, value);
            }
        }

        MilterPacket.Write(to, 'D', data.WrittenSpan);
    }
}
