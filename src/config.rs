pub struct PublicUrl;
impl PublicUrl { pub fn origin(&self)->&str {""} pub fn https(&self)->bool{false} pub fn is_loopback_site(&self)->bool{true} pub fn is_same_site(&self,_o:&str)->bool{true} }
pub struct Config { pub public_url: PublicUrl }
