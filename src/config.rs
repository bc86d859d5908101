pub struct PublicUrl;
impl PublicUrl { pub fn origin(&self)->&str {"http://127.0.0.1:8080"} pub fn https(&self)->bool{false} pub fn is_loopback_site(&self)->bool{true} pub fn is_same_site(&self,_o:&str)->bool{true} }
pub struct Config { pub public_url: PublicUrl, pub smtp: Option<SmtpConfig>, pub mail_from: String }
pub struct SmtpConfig { pub mode: SmtpMode, pub host: String, pub port: u16, pub credentials: Option<(String, String)>, pub ca_file: Option<std::path::PathBuf> }
#[derive(Clone, Copy, Debug, PartialEq, Eq)] pub enum SmtpMode { Plain, StartTls, Tls }
