// A mail client by MailKit, for the tests of a whole host:
//   Kopis.MailClient send|fetch HOST:PORT start|tls CERTIFICATE MECHANISM USER
// The password or token is the first line of standard input. To send, the message is the rest of
// it, from USER to the address after USER; what is fetched is printed. The server's certificate
// must be CERTIFICATE itself. A mechanism is one of SASL's, APOP or USER.
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using MailKit;
using MailKit.Net.Pop3;
using MailKit.Net.Smtp;
using MailKit.Security;
using MimeKit;
using MemoryStream input = new();

Console.OpenStandardInput().CopyTo(input);
byte[] text = input.ToArray();
int end = Array.IndexOf(text, (byte)'\n');
string secret = Encoding.UTF8.GetString(text[..end]);
string[] place = args[1].Split(':');
SecureSocketOptions security = args[2] == "tls"
    ? SecureSocketOptions.SslOnConnect
    : SecureSocketOptions.StartTls;
using X509Certificate2 trusted = X509CertificateLoader.LoadCertificateFromFile(args[3]);
using MailService client = args[0] == "send" ? new SmtpClient() : new Pop3Client();
client.CheckCertificateRevocation = false;
client.ServerCertificateValidationCallback = (_, certificate, _, errors) =>
    !errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch)
    && certificate?.GetCertHashString() == trusted.GetCertHashString();
client.Connect(place[0], int.Parse(place[1]), security);
if (client is Pop3Client reader && args[4] is "APOP" or "USER")
{
    Pop3Capabilities mine = Pop3Capabilities.User | Pop3Capabilities.Apop;
    reader.Capabilities = (reader.Capabilities & ~(mine | Pop3Capabilities.Sasl))
        | (args[4] == "APOP" ? Pop3Capabilities.Apop : Pop3Capabilities.User);
    reader.AuthenticationMechanisms.Clear();
    reader.Authenticate(args[5], secret);
}
else
{
    client.Authenticate(args[4] switch
    {
        "OAUTHBEARER" => new SaslMechanismOAuthBearer(args[5], secret),
        "XOAUTH2" => new SaslMechanismOAuth2(args[5], secret),
        string name => SaslMechanism.Create(name, new System.Net.NetworkCredential(args[5], secret))
            ?? throw new ArgumentException(name),
    });
}

if (client is SmtpClient sender)
{
    MimeMessage message = MimeMessage.Load(new MemoryStream(text[(end + 1)..]));
    sender.Send(message, MailboxAddress.Parse(args[5]), [MailboxAddress.Parse(args[6])]);
}
else if (client is Pop3Client box)
{
    for (int i = 0; i < box.Count; i++)
    {
        Console.WriteLine($"{box.GetMessageUid(i)} {box.GetMessage(i).Subject}");
    }
}

client.Disconnect(quit: true);
