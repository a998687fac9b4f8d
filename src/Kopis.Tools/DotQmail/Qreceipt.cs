using System.Buffers;
using Kopis.Base;
using Kopis.Local.Delivery;
using Kopis.Mail.Addresses;
using Kopis.Mail.Dsn;
using Kopis.Mail.Header;
using Kopis.Posix;

namespace Kopis.Tools.DotQmail;

/// <summary><c>qreceipt ADDRESS</c>: answers a message whose header asks ADDRESS for a delivery
/// notice (contract §11).</summary>
public static class Qreceipt
{
    private const int FieldBytesMax = 64 * 1024;

    private static ReadOnlySpan<byte> Request => "Notice-Requested-Upon-Delivery-To"u8;

    /// <summary>Runs the program.</summary>
    public static int Run(ProgramContext context)
    {
        if (context.Arguments.Count != 1)
        {
            throw new ConfigurationException(
                "usage: qreceipt deliveryaddress", ExitCode.Permanent);
        }

        byte[] sender = ToolQueue.Required(context, "SENDER");
        if (sender.Length == 0 || sender.AsSpan().SequenceEqual("#@[]"u8))
        {
            return ExitCode.Success; // A bounce is not answered.
        }

        byte[] address = context.Arguments[0];
        bool isAsked = false;
        byte[] messageId = [];
        HeaderReader header = new(
            (name, value) =>
            {
                isAsked |= Ascii8.EqualsIgnoreCase(name, Request) && Lists(value, address);
                messageId = Ascii8.EqualsIgnoreCase(name, "Message-ID"u8)
                    ? value.ToArray()
                    : messageId;
            },
            FieldBytesMax);
        byte[] block = new byte[MessageBody.BlockBytes];
        int got;
        while (!header.IsOver && (got = ToolQueue.Read(block)) > 0)
        {
            header.Read(block.AsSpan(0, got));
        }

        header.End();
        if (isAsked)
        {
            ToolQueue.SendWhole(context, [], [sender], Notice(sender, address, messageId));
        }

        return ExitCode.Success;
    }

    private static bool Lists(ReadOnlySpan<byte> value, byte[] address)
    {
        // Addresses are not completed: one without a host is not the address that we were given.
        AddressList list = AddressList.Read(value, new AddressDefaults([], [], []));
        return list.Addresses.Any(one => Ascii8.EqualsIgnoreCase(one, address));
    }

    private static byte[] Notice(byte[] sender, byte[] address, byte[] messageId)
    {
        ArrayBufferWriter<byte> to = new();
        byte[] quoted = AddressQuote.Quote(address);
        to.Write("From: DELIVERY NOTICE SYSTEM <"u8);
        to.Write(quoted);
        to.Write(">\nTo: <"u8);
        to.Write(AddressQuote.Quote(sender));
        WriteIdentity(to, sender, address, messageId);
        to.Write("Hi! This is the qreceipt program. "u8);
        to.Write("Your message was delivered to the\nfollowing address: "u8);
        to.Write(address);
        to.Write(". Thanks for asking.\n"u8);
        if (messageId.Length > 0)
        {
            to.Write("Your Message-ID was "u8);
            to.Write(messageId);
            to.Write("\n"u8);
        }

        return to.WrittenSpan.ToArray();
    }

    /// <summary>The rest of the header, with the fields that large providers require.</summary>
    private static void WriteIdentity(
        ArrayBufferWriter<byte> to, byte[] sender, byte[] address, byte[] messageId)
    {
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        DsnId id = new();
        id.Add(sender);
        id.Add(address);
        id.Add(messageId);
        ReadOnlySpan<byte> host = new Address(address).DomainOrAll;
        to.Write(">\nSubject: success notice\nDate: "u8);
        to.Write(ByteText.ToBytes(QmailDate.Rfc822(now)));
        to.Write("\nMessage-ID: "u8);
        to.Write(id.Format(now.ToUnixTimeSeconds(), (ulong)Processes.Id, host));
        to.Write("\nAuto-Submitted: auto-replied\n\n"u8);
    }
}
